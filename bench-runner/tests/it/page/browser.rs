//! A headless browser, controlled over pipes with the DevTools protocol.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub(super) const PROGRAM: &str = "chromium";

/// A browser that is killed on drop.
pub(super) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
    events: VecDeque<(String, Value)>,
    _profile: tempfile::TempDir,
}

/// Viewport and preferences for a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) width: u32,
    pub(super) dark: bool,
    pub(super) scripts: bool,
}

impl Browser {
    pub(super) fn start() -> Self {
        let profile = tempfile::tempdir().expect("a directory for the browser");
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", PROGRAM])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .args(["--disable-dev-shm-usage", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a browser");
        let to = child.stdin.take().expect("its input");
        let from = BufReader::new(child.stdout.take().expect("its output"));
        let mut browser =
            Self { child, to, from, last: 0, session: None, events: VecDeque::new(), _profile: profile };
        let clipboard = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.call("Browser.grantPermissions", clipboard);
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached =
            browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method. Returns its result.
    pub(super) fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(message.to_string().as_bytes()).expect("a browser that listens");
        self.to.write_all(b"\0").expect("a browser that listens");
        self.to.flush().expect("a browser that listens");
        loop {
            let mut answer = self.read();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.keep(answer);
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("a browser that speaks");
        assert!(!bytes.is_empty(), "the browser ended");
        bytes.pop();
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn keep(&mut self, mut event: Value) {
        if let Some(method) = event["method"].as_str().map(str::to_owned) {
            self.events.push_back((method, event["params"].take()));
        }
    }

    /// Opens a file and waits until it is loaded. Console messages, errors and requests of the page are in
    /// [`Self::complaints`].
    pub(super) fn open(&mut self, file: &Path, view: View) {
        let View { width, dark, scripts } = view;
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}),
        );
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !scripts}));
        self.events.clear();
        let url = format!("file://{}", file.display());
        let went = self.call("Page.navigate", json!({"url": url}));
        assert!(went["errorText"].is_null(), "{url}: {went}");
        while !self.events.iter().any(|(method, _)| method == "Page.loadEventFired") {
            let event = self.read();
            self.keep(event);
        }
    }

    /// The value of a script; promises are awaited.
    pub(super) fn evaluate(&mut self, script: &str) -> Value {
        let asked =
            json!({"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// Console messages of the page, its errors, and its requests for other files.
    pub(super) fn complaints(&mut self, file: &Path) -> Vec<String> {
        let own = format!("file://{}", file.display());
        let told = self.events.iter().filter_map(|(method, params)| match method.as_str() {
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                Some(format!("{method}: {params}"))
            }
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                (url != own && !url.starts_with("data:")).then(|| format!("asks for {url}"))
            }
            _ => None,
        });
        told.collect()
    }

    /// Moves the pointer to a position in the window, and presses there on demand.
    pub(super) fn pointer(&mut self, x: f64, y: f64, press: bool) {
        let mut send = |kind: &str, button: &str| {
            let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": u8::from(button != "none")});
            self.call("Input.dispatchMouseEvent", event);
        };
        send("mouseMoved", "none");
        if press {
            send("mousePressed", "left");
            send("mouseReleased", "left");
        }
    }

    pub(super) fn key(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({"type": kind, "key": key, "code": key}));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends when its pipes close; this is for one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
