//! Records of Operand. Clients and jobs are known from a client's code, the rest is [assumed] as the README says.

use wharf_sdk::quirks::{Flag, Id, LocalDate, Text};

use crate::convert::money::Money;

wharf_sdk::record! {
    /// A client.
    #[derive(Debug)]
    pub(crate) struct Client<'de> {
        pub(crate) id_client: Id<'de> as "idClient",
        pub(crate) id_person: Id<'de> as "idPerson",
        pub(crate) id: Id<'de>,
        pub(crate) name: Text<'de> as "person",
        pub(crate) document: Text<'de> as "nationalDocument",
        pub(crate) updated: LocalDate as "updatedAt",
        ..unknown
    }
}

impl Client<'_> {
    /// Returns the id, under whichever of its three names it came.
    pub(crate) fn id(&self) -> &str {
        let ids = [&self.id_client, &self.id_person, &self.id];
        ids.into_iter().map(Id::as_str).find(|id| !matches!(*id, "" | "0")).unwrap_or_default()
    }
}

wharf_sdk::record! {
    /// What is needed of a job; the item is the job as it was written. `itemId` is a number per client and no id.
    #[derive(Debug)]
    pub(crate) struct Job<'de> {
        pub(crate) id: Id<'de>,
        pub(crate) task_type: Text<'de> as "taskType",
        pub(crate) situation: Text<'de>,
        pub(crate) status_id: Id<'de> as "statusId",
        pub(crate) status_name: Text<'de> as "statusName",
        pub(crate) client_id: Id<'de> as "clientId",
        pub(crate) updated: LocalDate as "updatedAt",
        pub(crate) is_deleted: Flag as "isDeleted",
        ..unknown
    }
}

wharf_sdk::record! {
    /// What is needed of a task; the item is the task as it was written.
    #[derive(Debug)]
    pub(crate) struct Task<'de> {
        pub(crate) id: Id<'de>,
        pub(crate) id_task: Id<'de> as "idTask",
        pub(crate) updated: LocalDate as "updatedAt",
        pub(crate) is_deleted: Flag as "isDeleted",
        ..unknown
    }
}

impl Task<'_> {
    /// Returns the id, under whichever of its names it came.
    pub(crate) fn id(&self) -> &str {
        let ids = [&self.id, &self.id_task];
        ids.into_iter().map(Id::as_str).find(|id| !matches!(*id, "" | "0")).unwrap_or_default()
    }
}

wharf_sdk::record! {
    /// A receivable or a payable.
    #[derive(Debug)]
    pub(crate) struct Entry<'de> {
        pub(crate) id: Id<'de>,
        pub(crate) client_id: Id<'de> as "clientId",
        pub(crate) client_name: Text<'de> as "clientName",
        pub(crate) supplier_id: Id<'de> as "supplierId",
        pub(crate) supplier_name: Text<'de> as "supplierName",
        pub(crate) description: Text<'de>,
        pub(crate) number: Text<'de> as "documentNumber",
        pub(crate) issued: LocalDate as "issueDate",
        pub(crate) due: LocalDate as "dueDate",
        pub(crate) paid: LocalDate as "paymentDate",
        pub(crate) value: Money,
        pub(crate) paid_value: Money as "paidValue",
        pub(crate) discount: Money,
        pub(crate) interest: Money,
        pub(crate) situation: Text<'de>,
        pub(crate) account: Id<'de> as "accountId",
        pub(crate) invoice_number: Text<'de> as "invoiceNumber",
        pub(crate) invoice_url: Text<'de> as "invoiceUrl",
        pub(crate) slip_url: Text<'de> as "bankSlipUrl",
        pub(crate) slip_code: Text<'de> as "bankSlipCode",
        pub(crate) updated: LocalDate as "updatedAt",
        ..unknown
    }
}

wharf_sdk::record! {
    /// An entry of a code list.
    #[derive(Debug)]
    pub(crate) struct Named<'de> {
        pub(crate) id: Id<'de>,
        pub(crate) name: Text<'de>,
        pub(crate) kind: Text<'de> as "type",
        ..unknown
    }
}
