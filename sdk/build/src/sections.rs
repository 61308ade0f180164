//! The order of the sections that say which interfaces a module has.
//!
//! A module has one for each interface that a connector exports, in an order that the linker likes. The encoder puts them
//! together one after the other, and it cannot make an export of an interface that it met before as something that
//! another one only has types of: `counts` has types of `feeds`, `serving` of `webhooks`. So those two come last.

/// How the names of these sections begin.
const PREFIX: &[u8] = b"component-type";
/// Worlds that have types of another one's interface.
const DEPENDENT: [&[u8]; 2] = [b":wharf:sdk-counts:", b":wharf:sdk-serving:"];
/// Magic number and version.
const HEADER_BYTES: usize = 8;

/// Moves the sections of dependent interfaces to the end. None when the bytes are no module.
pub(crate) fn in_order(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(HEADER_BYTES)?;
    let mut ordered = header.to_vec();
    let mut last = Vec::new();
    while !rest.is_empty() {
        let (section, after) = rest.split_at_checked(length(rest)?)?;
        let target = if is_dependent(section) { &mut last } else { &mut ordered };
        target.extend_from_slice(section);
        rest = after;
    }
    ordered.append(&mut last);
    Some(ordered)
}

/// Returns the length of the section that the bytes begin with: its id, its size and its content.
fn length(bytes: &[u8]) -> Option<usize> {
    let (size, digits) = number(bytes.get(1..)?)?;
    1_usize.checked_add(digits)?.checked_add(size)
}

/// Reads an unsigned LEB128 number, and how many bytes it takes.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}

fn is_dependent(section: &[u8]) -> bool {
    let name = || {
        let content = section.get(1 + number(section.get(1..)?)?.1..)?;
        let (length, digits) = number(content)?;
        content.get(digits..digits.checked_add(length)?)
    };
    let contains = |name: &[u8], part: &[u8]| name.windows(part.len()).any(|window| window == part);
    section.first() == Some(&0)
        && name().is_some_and(|name| name.starts_with(PREFIX) && DEPENDENT.iter().any(|part| contains(name, part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        [&[id, u8::try_from(content.len()).unwrap_or(0)], content].concat()
    }

    fn custom(name: &str) -> Vec<u8> {
        section(0, &[&[u8::try_from(name.len()).unwrap_or(0)], name.as_bytes(), b"x"].concat())
    }

    #[test]
    fn interfaces_with_types_of_others_come_last_and_nothing_else_moves() {
        let header = b"\0asm\x01\0\0\0".to_vec();
        let counts = custom("component-type:wit:wharf:sdk-counts:counts:x");
        let feeds = custom("component-type:wit:wharf:sdk-feeds:feeds:x");
        let other = custom("other:wharf:sdk-counts:x");
        let code = section(10, b"component-type:wharf:sdk-counts:");
        let module = [header.clone(), counts.clone(), other.clone(), feeds.clone(), code.clone()].concat();
        assert_eq!(in_order(&module), Some([header, other, feeds, code, counts].concat()));
    }

    #[test]
    fn what_is_no_module_is_left_to_the_encoder() {
        for broken in [&b"\0asm"[..], b"\0asm\x01\0\0\0\x0a\x05ab", b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\xff\x01"] {
            assert_eq!(in_order(broken), None, "{broken:?}");
        }
    }
}
