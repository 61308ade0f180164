//! What no public source confirms, in one place. The README lists it, and says which key of the configuration changes it.

/// Path of the search, which Smartspace's screen calls the primary web service.
pub(crate) fn search_path() -> String {
    "/clientes".to_owned()
}

/// Path of one customer, the secondary web service.
pub(crate) fn customer_path() -> String {
    "/clientes/{codigo}".to_owned()
}

/// Path of the connection test.
pub(crate) fn health_path() -> String {
    "/saude".to_owned()
}

/// Path at which access tokens are fetched; the host answers it.
pub(crate) fn token_path() -> String {
    TOKEN_PATH.to_owned()
}

/// See [`token_path`].
pub(crate) const TOKEN_PATH: &str = "/oauth/token";

/// What leaves unless the operator says otherwise: enough to recognise a customer and to write to one.
pub(crate) fn fields() -> Vec<String> {
    ["codigo", "nome", "cpf", "cnpj", "email", "telefone", "endereco", "ativo"].map(str::to_owned).to_vec()
}

/// What Smartspace may change unless the operator says otherwise.
pub(crate) fn editable() -> Vec<String> {
    ["nome", "email", "telefone", "endereco"].map(str::to_owned).to_vec()
}

/// An agent waits for the answer; the host ends the call after three seconds.
pub(crate) fn answer_within_ms() -> u64 {
    2500
}

/// Calls in a minute of a company API that is read. Each company has its own limit, or none.
pub(crate) const CALLS_PER_MINUTE: u32 = 120;

/// Most customers of an answer.
pub(crate) const MOST_HITS: usize = 20;

/// Names that the vendor's page has in its list of addresses, and how its sample spells the same.
pub(crate) const ADDRESS: [(&str, &str); 8] = [
    ("enderecoLogradouro", "endereco_logradouro"),
    ("enderecoNumero", "endereco_numero"),
    ("enderecoComplemento", "endereco_complemento"),
    ("enderecoBairro", "endereco_bairro"),
    ("enderecoCidade", "endereco_cidade"),
    ("enderecoEstado", "endereco_estado"),
    ("enderecoCep", "endereco_cep"),
    ("enderecoPontoReferencia", "endereco_ponto_referencia"),
];

/// Other names of more than one word: as Java writes them, and as the vendor's sample does.
pub(crate) const OTHERS: [(&str, &str); 3] =
    [("dataNascimento", "data_nascimento"), ("telefone2", "telefone_2"), ("estadoCivil", "estado_civil")];

/// Fields of the common document's `extra` that may hold the parts of an address that the document has no place for.
pub(crate) const DISTRICT_FIELDS: [&str; 4] = ["bairro", "district", "neighborhood", "enderecoBairro"];
/// See [`DISTRICT_FIELDS`].
pub(crate) const LANDMARK_FIELDS: [&str; 3] = ["pontoReferencia", "landmark", "enderecoPontoReferencia"];
/// Fields of `extra` that may hold the date of birth.
pub(crate) const BIRTH_FIELDS: [&str; 5] = ["dataNascimento", "data_nascimento", "birthDate", "birth_date", "birthday"];
