use std::fmt;

/// Where a value stands; written down only for one that is wrong.
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

pub(crate) enum Step<'a> {
    /// The whole result.
    Result,
    Variable(&'a str),
    Field(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(crate) fn result() -> Self {
        Self {
            parent: None,
            step: Step::Result,
        }
    }

    pub(crate) fn variable(name: &'a str) -> Self {
        Self {
            parent: None,
            step: Step::Variable(name),
        }
    }

    pub(crate) fn then(&'a self, step: Step<'a>) -> Self {
        Self {
            parent: Some(self),
            step,
        }
    }
}

/// `$input.tags[2]` of a variable, `messages[2].id` of a result.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        let first = matches!(self.parent.map(|parent| &parent.step), Some(Step::Result));
        match self.step {
            Step::Result => Ok(()),
            Step::Variable(name) => write!(f, "${name}"),
            Step::Field(name) if first => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}
