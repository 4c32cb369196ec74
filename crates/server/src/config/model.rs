use std::time::Duration;

use super::{ConfigError, LlmApi, Model, Secret, arguments::ModelSettings, number, text, web_address, wrong};

/// Thinking is silent, and a local model may read for long before it says a word.
const PATIENCE: u64 = 120;

/// A long conversation of a day, and no more by accident.
const TOKENS_A_DAY: i64 = 500_000;

/// Models to choose from.
const MAX_MODELS: usize = 50;

/// Characters of a model's name.
const MAX_NAME: usize = 200;

impl ModelSettings {
    /// A key alone is no model: many machines have `OPENAI_API_KEY` in their environment for other reasons, and the
    /// server does not guess which model somebody wants to pay for.
    pub(super) fn check(self) -> Result<Option<Model>, ConfigError> {
        let api_key = text("OPENAI_API_KEY", self.openai_api_key)?.map(Secret::new);
        let base_url = text("OPENAI_BASE_URL", self.openai_base_url)?;
        let base_url = base_url.map(|value| web_address("OPENAI_BASE_URL", &value)).transpose()?;
        let api = match text("LLM_API", self.llm_api)?.as_deref() {
            None | Some("responses") => LlmApi::Responses,
            Some("chat") => LlmApi::Chat,
            Some(value) => return Err(wrong("LLM_API", value, "neither responses nor chat")),
        };
        let patience = text("MODEL_PATIENCE", self.model_patience)?;
        let patience = number("MODEL_PATIENCE", patience, PATIENCE, |seconds| (1..=3600).contains(seconds))?;
        let tokens = text("MODEL_TOKENS_PER_DAY", self.model_tokens_per_day)?;
        let tokens_a_day = number("MODEL_TOKENS_PER_DAY", tokens, TOKENS_A_DAY, |tokens| *tokens >= 0)?;
        let Some(names) = text("OPENAI_MODEL", self.openai_model)?.map(|names| read_names(&names)).transpose()? else {
            return Ok(None);
        };
        let base_url = match base_url {
            Some(base_url) => base_url,
            None if api_key.is_some() => web_address("OPENAI_BASE_URL", "https://api.openai.com/v1")?,
            None => return Ok(None),
        };
        Ok(Some(Model { api_key, base_url, names, api, patience: Duration::from_secs(patience), tokens_a_day }))
    }
}

fn read_names(value: &str) -> Result<Vec<String>, ConfigError> {
    let mut names: Vec<String> = Vec::new();
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let fit = names.iter().all(|name| name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control));
    if names.is_empty() || names.len() > MAX_MODELS || !fit {
        let why = format!("not 1 to {MAX_MODELS} names of models with commas between");
        return Err(wrong("OPENAI_MODEL", value, why));
    }
    Ok(names)
}
