//! The records of an agency, the same ones at every start.

use serde_json::{Value, json};

use super::route::Table;
use super::state::local;

const DAY: i64 = 86_400;
const CLIENTS: [(&str, &str); 5] = [
    ("Padaria Sol", "00.000.000/0001-91"),
    ("Ótica Lumière Ltda", "11.222.333/0001-81"),
    ("Ana Lima", "000.000.001-91"),
    ("Construtora Três Irmãos", "33.000.167/0001-01"),
    ("Associação d'Ouro", ""),
];

/// Returns so many receivables and what is around them.
pub(super) fn records(receivables: u64, now: i64) -> Vec<(Table, Value)> {
    let mut all = codes();
    let clients = receivables.div_ceil(10).max(1);
    all.extend((1..=clients).map(|number| (Table::Clients, client(number))));
    for number in 1..=receivables {
        // Most are older than an hour, and the newest come last.
        let minutes_ago = i64::try_from(receivables - number).unwrap_or_default();
        let changed = now - 3600 - minutes_ago * 60;
        all.push((Table::Jobs, job(number, number % clients + 1, changed)));
        all.extend((0..number % 3).map(|task| (Table::Tasks, self::task(number, task, changed))));
        all.push((Table::Receivables, receivable(number, number % clients + 1, changed)));
        if number.is_multiple_of(2) {
            all.push((Table::Payables, payable(number, changed)));
        }
    }
    all
}

fn codes() -> Vec<(Table, Value)> {
    let category =
        |id: u32, name: &str, kind: &str| (Table::Categories, json!({ "id": id, "name": name, "type": kind }));
    vec![
        category(1, "Serviços", "receivable"),
        category(2, "Mídia", "receivable"),
        category(3, "Fornecedores", "payable"),
        (Table::Accounts, json!({ "id": 1, "name": "Banco do Brasil", "type": "bank" })),
        (Table::Accounts, json!({ "id": 2, "name": "Caixa", "type": "cash" })),
    ]
}

fn of<T: Copy>(all: &[T], number: u64) -> Option<T> {
    let length = u64::try_from(all.len()).ok().filter(|length| *length > 0)?;
    all.get(usize::try_from(number % length).ok()?).copied()
}

fn client(number: u64) -> Value {
    let (name, document) = of(&CLIENTS, number - 1).unwrap_or_default();
    json!({
        "idClient": number, "person": format!("{name} {number}"), "nationalDocument": document,
        "situation": if number.is_multiple_of(7) { "inactive" } else { "active" }, "totalJobs": 3, "lateJobs": 0,
        "email": format!("contato{number}@example.com"), "phone": format!("(83) 9{number:04}-0000"),
    })
}

fn job(number: u64, client: u64, changed: i64) -> Value {
    json!({
        "id": number, "itemId": number / 5 + 1, "taskType": if number.is_multiple_of(9) { "template" } else { "job" },
        "title": format!("Campanha {number}"), "description": "", "situation": "open", "statusId": number % 3 + 1,
        "statusName": of(&["Briefing", "Em produção", "Aprovado"], number), "clientId": client, "clientName": format!("Cliente {client}"),
        "initialDate": local(changed - DAY), "deadline": Value::Null, "createdAt": local(changed - DAY), "updatedAt": local(changed),
        "estimatedTime": 90, "estimated": "01:30", "workedTime": 0, "worked": "00:00", "openedTasks": number % 3, "isDeleted": 0,
    })
}

fn task(job: u64, task: u64, changed: i64) -> Value {
    json!({ "id": job * 10 + task, "jobId": job, "title": format!("Tarefa {task}"), "deadline": Value::Null, "updatedAt": local(changed) })
}

/// Returns an amount in reais with some cents.
fn amount(number: u64) -> Value {
    let (reais, cents) = (number * 137 % 5000 + 50, number * 7 % 100);
    serde_json::from_str(&format!("{reais}.{cents:02}")).unwrap_or(Value::Null)
}

fn receivable(number: u64, client: u64, changed: i64) -> Value {
    let is_paid = number.is_multiple_of(5);
    let value = amount(number);
    json!({
        "id": 1000 + number, "clientId": client, "clientName": format!("Cliente {client}"), "jobId": number, "projectId": 0,
        "description": format!("Campanha {number}"), "documentNumber": format!("REC-{number:05}"), "issueDate": local(changed - DAY),
        "dueDate": local(changed + 30 * DAY), "paymentDate": if is_paid { json!(local(changed)) } else { Value::Null },
        "value": value, "paidValue": if is_paid { value.clone() } else { json!(0) }, "discount": 0, "interest": 0,
        "situation": if is_paid { "paid" } else { "open" }, "categoryId": number % 2 + 1, "accountId": 1, "invoiceNumber": "",
        "bankSlipUrl": "", "updatedAt": local(changed),
    })
}

fn payable(number: u64, changed: i64) -> Value {
    json!({
        "id": 5000 + number, "supplierId": number % 4 + 1, "supplierName": format!("Fornecedor {}", number % 4 + 1),
        "description": "Impressão", "documentNumber": format!("PAG-{number:05}"), "issueDate": local(changed), "dueDate": local(changed + 15 * DAY),
        "paymentDate": Value::Null, "value": amount(number * 3), "paidValue": 0, "situation": "open", "categoryId": 3, "accountId": 2,
        "updatedAt": local(changed),
    })
}
