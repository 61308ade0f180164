//! Guest programs, one behaviour per file.
