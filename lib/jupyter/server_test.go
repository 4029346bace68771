package jupyter

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/serve"
)

// sources returns the checkout under test.
func sources(t *testing.T) checkout.Tree {
	t.Helper()
	c, err := checkout.Find()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// environment makes JupyterLab's virtual environment on first use. Only the failure to make it
// skips the test.
func environment(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("JupyterLab is started")
	}
	if _, err := Environment(t.Context(), func(text string) { t.Log(text) }); errors.Is(err, ErrNoPython) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for something that must come: longer than the most loaded
// machine takes.
const patience = 10 * time.Minute

const token = "0123456789abcdef"

// lab is a JupyterLab started by a test.
type lab struct {
	t    *testing.T
	url  string // with the base URL, ends in /
	dir  string // of the notebooks
	runs string
	cmd  *exec.Cmd
	log  *buffer
	http *http.Client // trusts the lab's certificate
}

// buffer is a bytes.Buffer that allows concurrent reads and writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// certify writes a self-signed certificate for this machine and its key. The returned client trusts
// it.
func certify(t *testing.T) (certificate, key string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	own := server.TLS.Certificates[0]
	secret, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: own.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key, server.Client()
}

// startLab starts JupyterLab at a base URL on a directory with these files.
func startLab(t *testing.T, baseURL string, files map[string]string) *lab {
	t.Helper()
	return startLabAt(t, "http", baseURL, files)
}

func startLabAt(t *testing.T, scheme, baseURL string, files map[string]string) *lab {
	t.Helper()
	environment(t)
	// not on the time of a cell
	if err := serve.Build(t.Context(), sources(t), func(text string) { t.Log(text) }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	listener.Close()
	l := &lab{t: t, url: fmt.Sprintf("%s://%s%s", scheme, address, baseURL), dir: dir, runs: t.TempDir(), log: &buffer{}, http: http.DefaultClient}
	args := []string{"lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", fmt.Sprintf("--ServerApp.port=%d", address.Port), "--ServerApp.port_retries=0",
		"--ServerApp.base_url=" + baseURL, "--LabApp.expose_app_in_browser=True", "--IdentityProvider.token=" + token, "--ServerApp.root_dir=" + dir}
	if scheme == "https" {
		var certificate, key string
		certificate, key, l.http = certify(t)
		args = append(args, "--ServerApp.certfile="+certificate, "--ServerApp.keyfile="+key)
	}
	l.cmd, err = Command(context.Background(), sources(t), func(text string) { t.Log(text) }, "jupyter", args...)
	if err != nil {
		t.Fatal(err)
	}
	l.cmd.Dir = dir
	l.cmd.Env = append(l.cmd.Env, "ESSNAS_RUNS="+l.runs, "ESSNAS_IMAGES=128", "ESSNAS_DATA=", "ESSNAS_BACKEND=", "JUPYTER_CONFIG_DIR="+t.TempDir(), "JUPYTER_RUNTIME_DIR="+t.TempDir(), "JUPYTER_DATA_DIR="+t.TempDir())
	l.cmd.Stdout, l.cmd.Stderr = l.log, l.log
	l.cmd.WaitDelay = time.Second
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { l.cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		l.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			l.cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("JupyterLab said:\n%s", l.log)
		}
	})
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := l.api(http.MethodGet, "api/status", nil); err == nil {
			return l
		} else if time.Since(start) > patience {
			t.Fatalf("JupyterLab does not answer: %v", err)
		}
		select {
		case <-ended:
			t.Fatal("JupyterLab has ended")
		default:
		}
	}
}

// api calls Jupyter's REST API.
func (l *lab) api(method, path string, body any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequest(method, l.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "token "+token)
	r, err := l.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err = io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, r.Status, text)
	}
	var answer map[string]any
	if len(text) > 0 && text[0] == '{' {
		err = json.Unmarshal(text, &answer)
	}
	return answer, err
}

// kernel is a running kernel.
type kernel struct {
	*lab
	id   string
	conn *websocket.Conn
	next int
}

func (l *lab) kernel() *kernel {
	l.t.Helper()
	made, err := l.api(http.MethodPost, "api/kernels", map[string]string{"name": "essnas"})
	if err != nil {
		l.t.Fatal(err)
	}
	k := &kernel{lab: l, id: made["id"].(string)}
	k.connect()
	return k
}

func (k *kernel) connect() {
	k.t.Helper()
	c, _, err := websocket.Dial(k.t.Context(), k.url+"api/kernels/"+k.id+"/channels?token="+token, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	c.SetReadLimit(1 << 26)
	k.conn = c
	k.t.Cleanup(func() { c.CloseNow() })
}

// interrupt presses Jupyter's button.
func (k *kernel) interrupt() {
	k.t.Helper()
	if _, err := k.api(http.MethodPost, "api/kernels/"+k.id+"/interrupt", struct{}{}); err != nil {
		k.t.Fatal(err)
	}
}

// executed is the outcome of a cell.
type executed struct {
	status         string // "ok" or "error"
	stdout, stderr string
	traceback      string
	displays       []map[string]any // MIME bundles, including replaced ones
	took           time.Duration
}

// text returns everything that the user reads about a failure of the cell.
func (e executed) text() string { return e.stderr + e.traceback }

// send sends a message on the shell channel of the kernel and returns its id.
func (k *kernel) send(kind string, content map[string]any) (id string) {
	k.t.Helper()
	k.next++
	id = fmt.Sprintf("%s-%d", k.t.Name(), k.next)
	text, err := json.Marshal(map[string]any{
		"channel": "shell", "parent_header": struct{}{}, "metadata": struct{}{}, "buffers": []int{}, "content": content,
		"header": map[string]any{"msg_id": id, "msg_type": kind, "session": "test", "username": "", "version": "5.3", "date": time.Now().Format(time.RFC3339)},
	})
	if err == nil {
		err = k.conn.Write(k.t.Context(), websocket.MessageText, text)
	}
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

// execute sends a cell and returns the id of the request. stop says whether an error aborts the
// cells behind it.
func (k *kernel) execute(code string, stop bool) (id string) {
	k.t.Helper()
	return k.send("execute_request", map[string]any{"code": code, "silent": false, "store_history": true, "user_expressions": struct{}{}, "allow_stdin": false, "stop_on_error": stop})
}

// message is a message of the kernel.
type message struct {
	Header  struct{ Msg_type string }
	Parent  struct{ Msg_id string } `json:"parent_header"`
	Content map[string]any
}

// receive returns the kernel's next message, on whatever channel, and its text.
func (k *kernel) receive() (m message, text string) {
	k.t.Helper()
	_, raw, err := k.conn.Read(k.t.Context())
	if err != nil {
		k.t.Fatalf("the kernel's connection has ended: %v", err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		k.t.Fatal(err)
	}
	return m, string(raw)
}

// run runs a cell to its end and calls seen for every display.
func (k *kernel) run(code string, seen func(data map[string]any)) (e executed) {
	k.t.Helper()
	start := time.Now()
	id := k.execute(code, false)
	replied, idle := false, false
	for !replied || !idle {
		m, _ := k.receive()
		if m.Parent.Msg_id != id {
			continue
		}
		switch m.Header.Msg_type {
		case "stream":
			if m.Content["name"] == "stdout" {
				e.stdout += m.Content["text"].(string)
			} else {
				e.stderr += m.Content["text"].(string)
			}
		case "display_data", "update_display_data", "execute_result":
			data := m.Content["data"].(map[string]any)
			e.displays = append(e.displays, data)
			if seen != nil {
				seen(data)
			}
		case "error":
			for _, line := range m.Content["traceback"].([]any) {
				e.traceback += line.(string) + "\n"
			}
		case "execute_reply":
			e.status, replied = m.Content["status"].(string), true
		case "status":
			idle = m.Content["execution_state"] == "idle"
		}
	}
	e.took = time.Since(start)
	return e
}

// ok runs a cell that must succeed.
func (k *kernel) ok(code string) executed {
	k.t.Helper()
	e := k.run(code, nil)
	if e.status != "ok" {
		k.t.Fatalf("the cell\n%s\nhas failed:\n%s", code, e.text())
	}
	return e
}

// lines counts the non-empty lines of a text.
func lines(text string) (n int) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return
}
