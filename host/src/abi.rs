//! The contract versions that this host speaks. Each has its own bindings, which stay in here.

pub(crate) mod ask;
mod json;
mod said;
pub(crate) mod v0_1;

use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::Component;

use crate::call::Call;
use crate::capability::http::scope::Allowance;
use crate::engine::Engine;
use crate::error::Error;
use crate::inspect::Inspection;
use crate::model::Failure;

/// A component, linked and with its exports looked up, under the contract version that it was built against.
pub(crate) enum Program {
    /// Contract 0.1.
    V0_1(v0_1::Program),
}

impl Program {
    /// Links a component. [`crate::inspect::inspect`] has refused versions that are not here.
    pub(crate) fn link(engine: &Engine, component: &Component, inspection: &Inspection) -> Result<Self, Error> {
        v0_1::Program::link(engine, component, inspection).map(Self::V0_1)
    }

    /// Makes an instance and checks the types of everything that it exports of the contract.
    pub(crate) async fn check(&self, store: &mut Store<Call>) -> wasmtime::Result<()> {
        match self {
            Self::V0_1(program) => program.check(store).await,
        }
    }
}

/// What a guest's function gave: its result, or the failure that it names. The outer error is a trap or a stop.
pub(crate) type Told<T> = wasmtime::Result<Result<T, Failure>>;

/// One exported function of the contract together with the arguments of a call, whatever the contract's version.
pub(crate) trait Ask: Sync {
    /// What it gives.
    type Output: Send;
    /// Name for people: `pull`.
    const NAME: &'static str;
    /// Interface that has to be exported: `feeds`.
    const INTERFACE: &'static str;
    /// What the requests of the call may do.
    const ALLOWANCE: Allowance;

    /// Returns the arguments by name, for a tape.
    fn arguments(&self) -> Value;

    /// Makes a fresh instance in `store` and calls the function.
    fn call(&self, program: &Program, store: &mut Store<Call>) -> impl Future<Output = Told<Self::Output>> + Send;

    /// Returns the failures inside an output, for batches: the host puts its own causes in place of some.
    fn failures(_output: &mut Self::Output) -> Vec<&mut Failure> {
        Vec::new()
    }
}
