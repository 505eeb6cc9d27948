package report_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long the browser may take for anything: it is met only where
// the browser is broken.
const patience = 2 * time.Minute

// browser is a headless Chromium with one page, driven over a pipe by the
// DevTools protocol.
type browser struct {
	t       *testing.T
	in      *os.File
	answers chan message
	session string
	id      int
	// heard are the events since the browser began.
	heard []message
}

// message is one message of the protocol.
type message struct {
	ID      int             `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startBrowser starts Chromium, or skips the test where there is none.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: the report is not tried in a browser")
	}
	if testing.Short() {
		t.Skip("-short: the report is not tried in a browser")
	}
	// Not of t.TempDir: processes of the browser that end late write into it.
	profile, err := os.MkdirTemp("", "smoothplay-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	theirIn, in := pipe(t)
	out, theirOut := pipe(t)
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
		"--force-color-profile=srgb", "--font-render-hinting=none",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.Command(path, append(args, "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, in: in, answers: make(chan message, 1024)}
	t.Cleanup(func() {
		stubborn := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer stubborn.Stop()
		_, _ = in.WriteString(`{"id":1000000,"method":"Browser.close"}` + "\x00")
		for range b.answers {
			// until it is gone
		}
		_ = cmd.Wait()
		in.Close()
		out.Close()
		_ = os.RemoveAll(profile)
	})
	go b.listen(out)

	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// listen hands on what the browser says: messages that end in a zero byte.
func (b *browser) listen(out *os.File) {
	defer close(b.answers)
	from := bufio.NewReaderSize(out, 1<<20)
	for {
		text, err := from.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			b.answers <- m
		}
	}
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params any, into any) {
	b.t.Helper()
	b.id++
	sent := map[string]any{"id": b.id, "method": method}
	if params != nil {
		sent["params"] = params
	}
	if b.session != "" {
		sent["sessionId"] = b.session
	}
	text, err := json.Marshal(sent)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	m := b.await(func(m message) bool { return m.ID == b.id }, method)
	if m.Error != nil {
		b.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(m.Result, into); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
	}
}

// await returns the first message that is wanted, and keeps the events before
// it.
func (b *browser) await(wanted func(message) bool, what string) message {
	b.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case m, ok := <-b.answers:
			if !ok {
				b.t.Fatalf("%s: the browser is gone", what)
			}
			if m.Method != "" {
				b.heard = append(b.heard, m)
			}
			if wanted(m) {
				return m
			}
		case <-late.C:
			b.t.Fatalf("%s: the browser does not answer", what)
		}
	}
}

// window sets the size of the page, and whether the system is dark.
func (b *browser) window(width, height int, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// open loads a file and waits until it was painted.
func (b *browser) open(path string) {
	b.t.Helper()
	var navigated struct{ ErrorText string }
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, &navigated)
	if navigated.ErrorText != "" {
		b.t.Fatalf("%s: %s", path, navigated.ErrorText)
	}
	b.await(func(m message) bool { return m.Method == "Page.loadEventFired" }, "loading the page")
	b.painted()
}

// painted waits until what was asked for is on the screen.
func (b *browser) painted() {
	b.t.Helper()
	b.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))", nil)
}

// eval computes an expression in the page.
func (b *browser) eval(expression string, into any) {
	b.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	if e := got.ExceptionDetails; e != nil {
		b.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(got.Result.Value, into); err != nil {
			b.t.Fatalf("%s: %v in %s", expression, err, got.Result.Value)
		}
	}
}

// mouse moves the mouse to a place of the window.
func (b *browser) mouse(kind string, x, y float64) {
	b.t.Helper()
	params := map[string]any{"type": kind, "x": x, "y": y}
	if kind != "mouseMoved" {
		params["button"], params["clickCount"] = "left", 1
	}
	b.call("Input.dispatchMouseEvent", params, nil)
	b.painted()
}

// key presses a key.
func (b *browser) key(name string) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": name}, nil)
	}
	b.painted()
}

// screenshot writes the page as it is to NAME.png in the folder that
// SMOOTHPLAY_SCREENSHOTS names, if it is set: what a person is to look at.
func (b *browser) screenshot(name string, whole bool) {
	b.t.Helper()
	if os.Getenv("SMOOTHPLAY_SCREENSHOTS") == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	b.keep(name+".png", shot.Data)
}

// print returns the page as a PDF, kept like a screenshot.
func (b *browser) print(name string) []byte {
	b.t.Helper()
	var printed struct{ Data string }
	b.call("Page.printToPDF", map[string]any{"printBackground": true, "preferCSSPageSize": true}, &printed)
	return b.keep(name+".pdf", printed.Data)
}

func (b *browser) keep(name, data string) []byte {
	b.t.Helper()
	content, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		b.t.Fatal(err)
	}
	if dir := os.Getenv("SMOOTHPLAY_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	return content
}

// complaints are errors of the page and requests for anything but the page
// itself.
func (b *browser) complaints(page string) []string {
	var all []string
	for _, m := range b.heard {
		switch m.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			all = append(all, m.Method+" "+string(m.Params))
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			_ = json.Unmarshal(m.Params, &sent)
			if sent.Request.URL != "file://"+page {
				all = append(all, fmt.Sprintf("a request for %.200s", sent.Request.URL))
			}
		}
	}
	return all
}

// mustBeQuiet fails the test where there were complaints.
func (b *browser) mustBeQuiet(page string) {
	b.t.Helper()
	if all := b.complaints(page); len(all) > 0 {
		b.t.Errorf("the page is not quiet:\n%s", strings.Join(all, "\n"))
	}
}
