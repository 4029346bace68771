package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The manifest of testdata/kubernetes.json was validated against the schema of Kubernetes 1.29 and
// later: python3 -m pip install kubernetes-validate, then kubernetes-validate --strict
// -k 1.29 lib/study/engine/testdata/kubernetes.json.
func TestAManifestIsTheValidatedOne(t *testing.T) {
	k := Kubernetes{
		Name: "study-cifar10-quick-1a2b3c4d", Image: "registry.example.org/essnas:cuda", Claim: "studies", Mount: "/studies",
		Command: []string{"essnas", "study", "job", "--chain", "/studies/study-cifar10-quick-1a2b3c4d/jobs/chains.txt", "--quiet"},
		Options: KubernetesOptions{GPUs: 1, Mem: "8Gi", CPUs: 4, Limit: 8, CacheDir: "/studies/cache"},
	}
	got, err := k.Manifest(30)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/kubernetes.json"
	if os.Getenv("ESSNAS_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the manifest is\n%s\nwant\n%s", got, want)
	}
}

func TestAnIndexIsAJobWithItsSuccessors(t *testing.T) {
	chains := Chains([]Job{{Name: "a"}, {Name: "a1", After: "a"}, {Name: "b"}, {Name: "a2", After: "a"}, {Name: "b1", After: "b"}, {Name: "c1", After: "c is done"}})
	if got, want := fmt.Sprint(chains), "[[{a } {a1 a} {a2 a}] [{b } {b1 b}] [{c1 c is done}]]"; got != want {
		t.Errorf("the chains are %s, want %s", got, want)
	}
}

func TestManifestsThatKubernetesWouldRefuse(t *testing.T) {
	good := Kubernetes{Name: "study", Image: "essnas:1", Claim: "studies", Mount: "/studies"}
	for want, change := range map[string]func(k *Kubernetes){
		"name of a Job":           func(k *Kubernetes) { k.Name = "Study_1" },
		"--image":                 func(k *Kubernetes) { k.Image = "" },
		"--claim":                 func(k *Kubernetes) { k.Claim = "" },
		"can't be a mount path":   func(k *Kubernetes) { k.Mount = "runs" },
		"at most 52":              func(k *Kubernetes) { k.Name = strings.Repeat("a", 60) },
		"every job has its resul": nil,
	} {
		k, n := good, 3
		if change == nil {
			n = 0
		} else {
			change(&k)
		}
		if _, err := k.Manifest(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	if _, err := good.Manifest(3); err != nil {
		t.Error(err)
	}
}
