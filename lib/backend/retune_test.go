package backend

import (
	"slices"
	"strings"
	"testing"
)

func TestRetuneKeepsWhatTheUserSet(t *testing.T) {
	cases := []struct {
		name string
		env  []string
		want string // GLIBC_TUNABLES; "" for no second start
	}{
		{"nothing", []string{"A=b"}, strings.Join(tunables, ":")},
		{"another setting stays", []string{"GLIBC_TUNABLES=glibc.malloc.check=1"}, "glibc.malloc.check=1:" + strings.Join(tunables, ":")},
		{"the same setting wins", []string{"GLIBC_TUNABLES=glibc.malloc.arena_max=8"}, "glibc.malloc.arena_max=8:" + strings.Join(tunables[:3], ":")},
		{"all are set", []string{"GLIBC_TUNABLES=" + strings.Join(tunables, ":")}, ""},
		{"the second run", []string{"ESSNAS_RETUNED=1"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env, ok := retune(c.env)
			if ok != (c.want != "") {
				t.Fatalf("second start: %v", ok)
			}
			if ok && (!slices.Contains(env, "GLIBC_TUNABLES="+c.want) || !slices.Contains(env, "ESSNAS_RETUNED=1")) {
				t.Errorf("environment %q, want %s", env, c.want)
			}
			if ok && c.env[0] == "A=b" && !slices.Contains(env, "A=b") {
				t.Errorf("lost A=b: %q", env)
			}
		})
	}
}

func TestRetuneStartsAgainOnce(t *testing.T) {
	a := task{Do: "retune"}.start(t, "GLIBC_TUNABLES=", "ESSNAS_X=kept")()
	if !slices.Contains(a.Env, "GLIBC_TUNABLES="+strings.Join(tunables, ":")) || !slices.Contains(a.Env, "ESSNAS_RETUNED=1") || !slices.Contains(a.Env, "ESSNAS_X=kept") {
		t.Errorf("environment %q", a.Env)
	}
	a = task{Do: "retune"}.start(t, "GLIBC_TUNABLES=", "ESSNAS_RETUNED=off")()
	if slices.Contains(a.Env, "GLIBC_TUNABLES="+strings.Join(tunables, ":")) {
		t.Error("switched off, it starts again")
	}
}
