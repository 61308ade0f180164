//! The methods of the API, and what answers them.

use super::answer::Answer;
use super::parameters::Parameters;
use super::state::State;
use super::{catalog, code_list, external, invoice, journal, order_return, parcel, read, receipt, restructure, write};

/// Answers a call, at a Unix second.
pub(super) type Handler = fn(&mut State, &Parameters, i64) -> Answer;

/// Returns what answers a method.
pub(super) fn of(method: &str) -> Option<Handler> {
    orders(method).or_else(|| returns(method)).or_else(|| documents(method)).or_else(|| catalog(method))
}

/// Orders, their lists and their journal.
fn orders(method: &str) -> Option<Handler> {
    Some(match method {
        "getOrders" => read::orders,
        "getOrdersByEmail" => read::orders_by_email,
        "getOrdersByPhone" => read::orders_by_phone,
        "getOrderStatusList" => code_list::order_statuses,
        "getOrderStatusGroups" => code_list::order_status_groups,
        "getOrderSources" => code_list::order_sources,
        "getOrderExtraFields" => code_list::order_extra_fields,
        "getSeries" => code_list::invoice_series,
        "getJournalList" => journal::list,
        "getOrderPaymentsHistory" => write::payments,
        "addOrder" => write::add_order,
        "addOrderDuplicate" => write::duplicate_order,
        "deleteOrders" => write::delete_orders,
        "setOrderStatus" => write::set_status,
        "setOrderStatuses" => write::set_statuses,
        "setOrderFields" => write::set_fields,
        "setOrderPayment" => write::set_payment,
        "addOrderProduct" => write::add_row,
        "setOrderProductFields" => write::set_row,
        "deleteOrderProduct" => write::delete_row,
        "addOrderStatus" => code_list::add_order_status,
        "addOrderBySplit" => restructure::split,
        "setOrdersMerge" => restructure::merge,
        "runOrderMacroTrigger" => restructure::run_macro,
        _ => return None,
    })
}

/// Returns of orders.
fn returns(method: &str) -> Option<Handler> {
    Some(match method {
        "getOrderReturns" => order_return::list,
        "addOrderReturn" => order_return::add,
        "setOrderReturnStatus" => order_return::set_status,
        "setOrderReturnStatuses" => order_return::set_statuses,
        "setOrderReturnFields" => order_return::set_fields,
        "setOrderReturnRefund" => order_return::set_refund,
        "addOrderReturnProduct" => order_return::add_row,
        "setOrderReturnProductFields" => order_return::set_row,
        "deleteOrderReturnProduct" => order_return::delete_row,
        "getOrderReturnStatusList" => order_return::statuses,
        "getOrderReturnReasonsList" => order_return::reasons,
        "getOrderReturnProductStatuses" => order_return::row_statuses,
        "getOrderReturnPaymentsHistory" => order_return::payments,
        "getOrderReturnJournalList" => order_return::journal,
        _ => return None,
    })
}

/// Invoices, receipts and parcels.
fn documents(method: &str) -> Option<Handler> {
    Some(match method {
        "getCouriersList" => code_list::couriers,
        "getInvoices" => invoice::list,
        "getOrderPackages" => parcel::list,
        "addInvoice" => invoice::add,
        "getInvoiceFile" => invoice::file,
        "addOrderInvoiceFile" => invoice::attach,
        "addReceipt" => receipt::add,
        "getReceipts" => receipt::list,
        "getNewReceipts" => receipt::list_new,
        "getReceipt" => receipt::one,
        "setOrderReceipt" => receipt::set_printed,
        "createPackageManual" => parcel::create,
        "createPackage" => parcel::create_by_courier,
        "getLabel" => parcel::label,
        "getProtocol" => parcel::protocol,
        "getPackageDetails" => parcel::details,
        "getCourierPackagesStatusHistory" => parcel::history,
        "deleteCourierPackage" => parcel::delete,
        "getCourierAccounts" => parcel::accounts,
        "getCourierFields" => parcel::fields,
        "getCourierServices" => parcel::services,
        _ => return None,
    })
}

/// Inventories and external storages.
fn catalog(method: &str) -> Option<Handler> {
    Some(match method {
        "getInventories" => catalog::inventories,
        "getInventoryPriceGroups" => catalog::price_groups,
        "getInventoryWarehouses" => catalog::warehouses,
        "getInventoryCategories" => catalog::categories,
        "getInventoryProductsList" => catalog::list::products,
        "getInventoryProductsData" => catalog::list::data,
        "getInventoryProductsStock" => catalog::list::stock,
        "getInventoryProductsPrices" => catalog::list::prices,
        "addInventoryProduct" => catalog::add_product,
        "deleteInventoryProduct" => catalog::delete_product,
        "updateInventoryProductsStock" => catalog::update::stock,
        "updateInventoryProductsPrices" => catalog::update::prices,
        "getInventoryManufacturers" => catalog::manufacturers,
        "getInventoryTags" => catalog::tags,
        "getInventoryExtraFields" => catalog::extra_fields,
        "getInventoryIntegrations" => catalog::integrations,
        "getInventoryAvailableTextFieldKeys" => catalog::text_field_keys,
        "getExternalStoragesList" => external::storages,
        "getExternalStorageCategories" => external::categories,
        "getExternalStorageProductsList" => external::list,
        "getExternalStorageProductsData" => external::data,
        "getExternalStorageProductsQuantity" => external::quantities,
        "getExternalStorageProductsPrices" => external::prices,
        "updateExternalStorageProductsQuantity" => external::update,
        _ => return None,
    })
}
