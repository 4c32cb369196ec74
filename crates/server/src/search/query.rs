//! What people type, read: words, "phrases", begin*, -without, and `tag:`, `by:` and `in:` before a word or a phrase.

use shared::api::{MAX_QUERY_CHARS, SearchKind};

use super::words::{self, Stems, Word, fold, stems};
use crate::error::Error;

/// Parts of a query.
const MAX_PARTS: usize = 20;

/// What is looked for in texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// The words, one after the other.
    words: Vec<String>,
    /// Of a single word that is looked for in all its forms: the stems of these.
    stems: Vec<String>,
    /// Whether the last word may go on.
    begins: bool,
}

impl Term {
    /// `None` where there is no word in it.
    fn read(text: &str, quoted: bool) -> Option<Self> {
        let (text, begins) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        let found = words::words(text);
        let forms = found.len() == 1 && !quoted && !begins;
        let stems = if forms { stems(&text[found[0].at.clone()]) } else { Vec::new() };
        let words: Vec<String> = found.into_iter().map(|word| word.folded).collect();
        (!words.is_empty()).then_some(Self { words, stems, begins })
    }

    /// For Postgres.
    fn lexemes(&self) -> String {
        let last = self.words.len() - 1;
        let words = self.words.iter().enumerate().map(|(place, word)| lexeme(word, self.begins && place == last));
        let words = words.collect::<Vec<_>>().join(" <-> ");
        let stems = self.stems.iter().map(|stem| format!(" | {}", lexeme(&format!("~{stem}"), false)));
        format!("({words}{})", stems.collect::<String>())
    }

    /// How many of these words of a text, from the first on, are what is looked for; 0 if they are not.
    pub(super) fn begins_at(&self, text: &str, words: &[Word], in_text: &Stems) -> usize {
        let last = self.words.len() - 1;
        let is = |place: usize, folded: &str| match self.begins && place == last {
            true => folded.starts_with(&self.words[place]),
            false => folded == self.words[place],
        };
        let exact =
            words.len() > last && self.words.iter().enumerate().all(|(place, _)| is(place, &words[place].folded));
        let stemmed = || {
            let first = words.first().filter(|_| !self.stems.is_empty());
            first.is_some_and(|Word { at, .. }| self.stems.contains(&in_text.stem(at.start, &text[at.clone()])))
        };
        if exact || stemmed() { self.words.len() } else { 0 }
    }
}

/// A lexeme in a query: letters and digits, and what we put before them; no quote is among them.
fn lexeme(text: &str, begins: bool) -> String {
    format!("'{text}'{}", if begins { ":*" } else { "" })
}

/// By whom: asked of the database before the search, since names are not in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// Whoever searches.
    Me,
    /// People in whose names these words are, folded.
    Called(Vec<String>),
}

/// A query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// All of these.
    pub(super) terms: Vec<Term>,
    /// None of these.
    without: Vec<Term>,
    /// Marks that there must be, and that there must not be.
    marks: Vec<(bool, String)>,
    /// By these, or not by them.
    pub(super) by: Vec<(bool, By)>,
}

impl Query {
    /// # Errors
    /// There is nothing in it to look for, it is too long, or it has a filter that there is not.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        if text.chars().count() > MAX_QUERY_CHARS {
            return Err(invalid(format!("q: a search is at most {MAX_QUERY_CHARS} characters long.")));
        }
        let mut query = Self::default();
        for (count, part) in Part::all(text).into_iter().enumerate() {
            if count == MAX_PARTS {
                return Err(invalid(format!("q: a search has at most {MAX_PARTS} words and filters.")));
            }
            query.take(part)?;
        }
        let finds = !query.terms.is_empty()
            || query.marks.iter().any(|(wanted, _)| *wanted)
            || query.by.iter().any(|(wanted, _)| *wanted);
        match finds {
            true => Ok(query),
            false => {
                Err(invalid("q: say what to look for: a word, a \"phrase\", tag:name, by:name or in:comments.".into()))
            }
        }
    }

    fn take(&mut self, part: Part<'_>) -> Result<(), Error> {
        let Part { wanted, filter, text, quoted } = part;
        match filter {
            None => {
                let term = Term::read(text, quoted);
                if wanted { self.terms.extend(term) } else { self.without.extend(term) }
            }
            Some("tag") => self.marks.push((wanted, tag_filter(text)?)),
            Some("in") => {
                let asked = text.to_lowercase();
                let kind = SearchKind::ALL.into_iter().find(|kind| [kind.filter(), kind.as_str()].contains(&&*asked));
                let Some(kind) = kind else {
                    let known = SearchKind::ALL.map(SearchKind::filter).join(", ");
                    return Err(invalid(format!("q: in: knows {known}.")));
                };
                self.marks.push((wanted, lexeme(&kind_mark(kind), false)));
            }
            _ if text == "me" && !quoted => self.by.push((wanted, By::Me)),
            _ => {
                let name: Vec<String> = words::words(text).into_iter().map(|word| word.folded).collect();
                if name.is_empty() {
                    return Err(invalid("q: by: wants a name, or me.".into()));
                }
                self.by.push((wanted, By::Called(name)));
            }
        }
        Ok(())
    }

    /// For Postgres. `people` are the ids of those that [`Query::by`] names, in its order.
    pub(super) fn lexemes(&self, people: &[Vec<String>]) -> String {
        let mut all: Vec<String> = self.terms.iter().map(Term::lexemes).collect();
        all.extend(self.without.iter().map(|term| format!("!{}", term.lexemes())));
        all.extend(self.marks.iter().map(|(wanted, mark)| not_unless(*wanted, mark)));
        for ((wanted, _), ids) in self.by.iter().zip(people) {
            // Nobody is called so: an id that nobody has.
            let ids: Vec<String> = ids.iter().map(|id| lexeme(&author_mark(id), false)).collect();
            let any = if ids.is_empty() { lexeme("#by:nobody", false) } else { ids.join(" | ") };
            all.push(not_unless(*wanted, &format!("({any})")));
        }
        all.join(" & ")
    }
}

fn not_unless(wanted: bool, what: &str) -> String {
    if wanted { what.to_owned() } else { format!("!{what}") }
}

fn invalid(why: String) -> Error {
    Error::Invalid("query", why)
}

/// The mark of a kind.
pub(super) fn kind_mark(kind: SearchKind) -> String {
    format!("#in:{}", kind.as_str())
}

/// The mark of an author.
pub(super) fn author_mark(id: &str) -> String {
    format!("#by:{id}")
}

/// The mark of a tag: its name's words. `None` for a name without any.
pub(super) fn tag_mark(name: &str) -> Option<String> {
    let words: Vec<String> = words::words(name).into_iter().map(|word| word.folded).collect();
    let name: String = words.join("_").chars().take(200).collect();
    (!name.is_empty()).then(|| format!("#tag:{name}"))
}

/// Tags whose names begin so.
fn tag_filter(text: &str) -> Result<String, Error> {
    let mark =
        tag_mark(text.trim_end_matches('*')).ok_or_else(|| invalid("q: tag: wants the name of a tag.".into()))?;
    Ok(lexeme(&mark, true))
}

/// A piece of what was typed.
struct Part<'a> {
    wanted: bool,
    filter: Option<&'a str>,
    text: &'a str,
    quoted: bool,
}

impl<'a> Part<'a> {
    fn all(text: &'a str) -> Vec<Self> {
        let (mut rest, mut parts) = (text.trim_start(), Vec::new());
        while !rest.is_empty() {
            let part;
            (part, rest) = Self::first(rest);
            parts.push(part);
            rest = rest.trim_start();
        }
        parts
    }

    /// The first piece, and what comes after it. A quotation mark that is not closed quotes all that follows.
    fn first(text: &'a str) -> (Self, &'a str) {
        let (wanted, text) = match text.strip_prefix('-') {
            Some(rest) if !rest.starts_with(char::is_whitespace) && !rest.is_empty() => (false, rest),
            _ => (true, text),
        };
        let filters = ["tag", "by", "in"];
        let filter =
            filters.into_iter().rfind(|name| text.get(..=name.len()).is_some_and(|start| is_filter(start, name)));
        let text = filter.map_or(text, |name| &text[name.len() + 1..]);
        let quotes = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」')];
        let quote = quotes.into_iter().find_map(|(open, close)| Some((text.strip_prefix(open)?, close)));
        if let Some((inner, close)) = quote {
            let end = inner.find(close).unwrap_or(inner.len());
            let after = inner.get(end + close.len_utf8()..).unwrap_or_default();
            return (Self { wanted, filter, text: &inner[..end], quoted: true }, after);
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        (Self { wanted, filter, text: &text[..end], quoted: false }, &text[end..])
    }
}

fn is_filter(start: &str, name: &str) -> bool {
    start.ends_with(':') && fold(start) == name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexemes(text: &str) -> String {
        let query = Query::read(text).unwrap();
        query.lexemes(&query.by.iter().map(|_| vec!["x".to_owned()]).collect::<Vec<_>>())
    }

    #[test]
    fn words_phrases_beginnings_and_exclusions_are_read() {
        assert_eq!(lexemes("\"close reading\""), "('close' <-> 'reading')");
        assert_eq!(lexemes("evid*"), "('evid':*)");
        assert_eq!(lexemes("数据"), "('数' <-> '据')");
        assert_eq!(lexemes("\"cat\" -\"dog\""), "('cat') & !('dog')");
        assert!(lexemes("reading").starts_with("('reading' | "), "{}", lexemes("reading"));
        assert!(lexemes("reading").contains("'~read'"));
    }

    #[test]
    fn filters_are_read() {
        assert_eq!(lexemes("tag:\"Open Question\""), "'#tag:open_question':*");
        assert_eq!(lexemes("in:comment"), lexemes("in:Comments"));
        assert_eq!(lexemes("in:comments -in:notes by:me"), "'#in:comment' & !'#in:notes' & ('#by:x')");
        assert_eq!(Query::read("by:Zoë").unwrap().by, [(true, By::Called(vec!["zoe".into()]))]);
        assert_eq!(lexemes("a \"in:notes\"").matches("#in").count(), 0, "what is quoted is no filter");
    }

    #[test]
    fn what_cannot_be_looked_for_says_why() {
        for text in
            ["", "   ", "-cat", "...", "tag:", "in:nowhere", "by:", "-in:notes", &"x ".repeat(21), &"x".repeat(401)]
        {
            let answer = Query::read(text).unwrap_err().to_string();
            assert!(answer.starts_with("q: "), "{text}: {answer}");
        }
    }

    proptest! {
        /// Whatever is typed is nothing to Postgres but lexemes of ours.
        #[test]
        fn no_query_leaves_its_quotes(text in "[\\PC'\\\\:*&|!<>()\"]{0,40}") {
            let Ok(query) = Query::read(&text) else { return Ok(()) };
            let people: Vec<Vec<String>> = query.by.iter().map(|_| Vec::new()).collect();
            let lexemes = query.lexemes(&people);
            for (place, inside) in lexemes.split('\'').enumerate() {
                let ours = match place % 2 {
                    1 => inside.chars().all(|c| !matches!(c, '\'' | '\\' | '&' | '|' | '!' | '<' | '(' | ')' | ' ')),
                    _ => inside.chars().all(|c| matches!(c, ' ' | '(' | ')' | '&' | '|' | '!' | '<' | '>' | '-' | ':' | '*')),
                };
                prop_assert!(ours, "{lexemes}");
            }
        }
    }
}
