//! The styles: ways to wrap, call and join the same statements. One crate has one style.

use super::parameters::Style;

/// Number of functions nested in one another, in styles that nest them.
const NESTED: usize = 8;

const STEP: &str = "trait Step {\n    fn step(&self, x: u64) -> u64;\n}\n\n";
const FUTURE: &str = "std::pin::Pin<Box<dyn std::future::Future<Output = u64> + Send>>";

/// The functions of a crate in their style.
pub(super) struct StyledFunctions<'a> {
    style: Style,
    functions: &'a [Vec<String>],
}

impl<'a> StyledFunctions<'a> {
    pub(super) fn new(style: Style, functions: &'a [Vec<String>]) -> Self {
        Self { style, functions }
    }

    /// The call of the function `run` at `path`, of this or of another crate, with `x`.
    pub(super) fn call(&self, path: &str) -> String {
        match self.style {
            Style::Plain | Style::Derive => format!("{path}(x)"),
            Style::Generics | Style::TraitObjects => format!("{path}(f, x)"),
            Style::AsyncNested | Style::AsyncBoxed => format!("{path}(x).await"),
        }
    }

    /// `run` with this body, which starts with `let mut x` and ends with the result in `x`.
    pub(super) fn run(&self, body: &str) -> String {
        match self.style {
            Style::Plain | Style::Derive => {
                format!("pub fn run(x: u64) -> u64 {{\n{body}    x\n}}\n")
            }
            Style::Generics => {
                format!("pub fn run<F: Fn(u64) -> u64 + Copy>(f: F, x: u64) -> u64 {{\n{body}    x\n}}\n")
            }
            Style::TraitObjects => {
                format!("pub fn run(f: &dyn Fn(u64) -> u64, x: u64) -> u64 {{\n{body}    x\n}}\n")
            }
            Style::AsyncNested => format!("pub async fn run(x: u64) -> u64 {{\n{body}    x\n}}\n"),
            Style::AsyncBoxed => {
                format!(
                    "pub fn run(x: u64) -> {FUTURE} {{\n    Box::pin(async move {{\n{body}    x\n    }})\n}}\n"
                )
            }
        }
    }

    /// The lines of `run` that call all functions.
    pub(super) fn calls(&self) -> String {
        let nests = (0..self.functions.len()).step_by(NESTED);
        let nests = nests.map(|first| first..(first + NESTED).min(self.functions.len()));
        match self.style {
            Style::Plain | Style::Derive => {
                (0..self.functions.len()).map(|at| format!("    x = f{at:04}(x);\n")).collect()
            }
            Style::Generics | Style::TraitObjects => {
                let boxed = self.style == Style::TraitObjects;
                nests.map(|nest| format!("    x = {}.step(x);\n", nested(nest, boxed))).collect()
            }
            Style::AsyncNested | Style::AsyncBoxed => {
                nests.map(|nest| format!("    x = f{:04}(x).await;\n", nest.end - 1)).collect()
            }
        }
    }

    /// All functions, and the items that they need.
    pub(super) fn items(&self) -> String {
        let head = match self.style {
            Style::Plain | Style::AsyncNested | Style::AsyncBoxed => String::new(),
            Style::Generics => format!(
                "{STEP}struct Leaf<F>(F);\n\nimpl<F: Fn(u64) -> u64> Step for Leaf<F> {{\n{}}}\n\n",
                method("(self.0)(x)", &[])
            ),
            Style::TraitObjects => format!(
                "{STEP}struct Leaf<'a>(&'a dyn Fn(u64) -> u64);\n\nimpl Step for Leaf<'_> {{\n{}}}\n\n",
                method("(self.0)(x)", &[])
            ),
            Style::Derive => DIGEST.to_owned(),
        };
        let functions: Vec<String> =
            self.functions.iter().enumerate().map(|(at, statements)| self.function(at, statements)).collect();
        head + &functions.join("\n")
    }

    fn function(&self, at: usize, statements: &[String]) -> String {
        let lines = |indent: &str| -> String {
            statements.iter().map(|statement| format!("{indent}{statement}\n")).collect()
        };
        // If functions are nested, each starts from the result of the one before it.
        let before = match (self.style, at % NESTED) {
            (Style::AsyncNested | Style::AsyncBoxed, 1..) => format!("f{:04}(x).await", at - 1),
            _ => "x".to_owned(),
        };
        match self.style {
            Style::Plain => {
                format!("fn f{at:04}(x: u64) -> u64 {{\n    let mut a = x;\n{}    a\n}}\n", lines("    "))
            }
            Style::Generics => format!(
                "struct S{at:04}<T>(T);\n\nimpl<T: Step> Step for S{at:04}<T> {{\n{}}}\n",
                method("self.0.step(x)", statements)
            ),
            Style::TraitObjects => format!(
                "struct S{at:04}<'a>(Box<dyn Step + 'a>);\n\nimpl Step for S{at:04}<'_> {{\n{}}}\n",
                method("self.0.step(x)", statements)
            ),
            Style::AsyncNested => format!(
                "async fn f{at:04}(x: u64) -> u64 {{\n    let mut a = {before};\n{}    a\n}}\n",
                lines("    ")
            ),
            Style::AsyncBoxed => format!(
                "fn f{at:04}(x: u64) -> {FUTURE} {{\n    Box::pin(async move {{\n        let mut a = {before};\n{}        a\n    }})\n}}\n",
                lines("        ")
            ),
            Style::Derive => format!(
                "#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]\nstruct D{at:04} {{\n    \
                 a: u64,\n    b: Option<u32>,\n    c: String,\n    d: Vec<(u8, bool)>,\n}}\n\n\
                 fn f{at:04}(x: u64) -> u64 {{\n    let mut a = x;\n{}    \
                 digest(&D{at:04} {{ a, b: Some(a as u32), ..D{at:04}::default() }})\n}}\n",
                lines("    ")
            ),
        }
    }

    /// `main`, which calls `run` and prints its result.
    pub(super) fn main(&self) -> String {
        let result = match self.style {
            Style::Plain | Style::Derive => "run(x)",
            Style::Generics => "run(|x| x ^ 1, x)",
            Style::TraitObjects => "run(&|x| x ^ 1, x)",
            Style::AsyncNested | Style::AsyncBoxed => "wait_for(run(x))",
        };
        let main = format!(
            "fn main() {{\n    let x = std::env::args().count() as u64;\n    println!(\"{{}}\", {result});\n}}\n"
        );
        match self.style {
            Style::AsyncNested | Style::AsyncBoxed => format!("{main}\n{WAIT_FOR}"),
            _ => main,
        }
    }
}

/// A method `step` that starts from `start`.
fn method(start: &str, statements: &[String]) -> String {
    if statements.is_empty() {
        return format!("    fn step(&self, x: u64) -> u64 {{\n        {start}\n    }}\n");
    }
    let lines: String = statements.iter().map(|statement| format!("        {statement}\n")).collect();
    format!("    fn step(&self, x: u64) -> u64 {{\n        let mut a = {start};\n{lines}        a\n    }}\n")
}

/// A value of nested types, the innermost around `f`.
fn nested(functions: std::ops::Range<usize>, boxed: bool) -> String {
    let wrap = |inner: String| if boxed { format!("Box::new({inner})") } else { inner };
    functions.fold("Leaf(f)".to_owned(), |inner, at| format!("S{at:04}({})", wrap(inner)))
}

const DIGEST: &str = r#"fn digest<T: Clone + std::fmt::Debug + Default + Ord + std::hash::Hash>(value: &T) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    value.clone().max(T::default()).hash(&mut hasher);
    hasher.finish() ^ format!("{value:?}").len() as u64
}

"#;

const WAIT_FOR: &str = r#"fn wait_for<F: std::future::Future>(future: F) -> F::Output {
    struct Still;
    impl std::task::Wake for Still {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    let waker = std::sync::Arc::new(Still).into();
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            return output;
        }
    }
}
"#;
