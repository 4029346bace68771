package engine

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Kubernetes describes jobs as a manifest, an Indexed Job (batch/v1, since Kubernetes 1.29 with a
// limit of retries for each index). Kubernetes knows no order of indices, so each index executes a
// chain: a job and then the jobs that wait for it, one after the other. This package submits
// nothing.
type Kubernetes struct {
	Name    string   // name of the Job, a DNS label
	Image   string   // container image with essnas in PATH
	Claim   string   // PersistentVolumeClaim with the study's directory
	Mount   string   // mount path of the claim in the containers, an absolute path
	Command []string // command of each index, which reads its index from JOB_COMPLETION_INDEX
	Options KubernetesOptions
}

// KubernetesOptions are the resources of a container. The cluster's defaults apply to empty ones.
type KubernetesOptions struct {
	GPUs     int    // nvidia.com/gpu
	Mem      string // like 8Gi
	CPUs     int
	Limit    int    // largest number of indices that run at a time; 0: 10
	CacheDir string // directory below Mount for plugins and compiled programs; "": the image's
}

// Chains groups jobs into chains: a job that waits for nothing and its successors, in their order.
func Chains(jobs []Job) (chains [][]Job) {
	place := map[string]int{}
	for _, j := range jobs {
		i, after := place[j.After]
		if j.After == "" || !after {
			i = len(chains)
			chains = append(chains, nil)
		}
		place[j.Name] = i
		chains[i] = append(chains[i], j)
	}
	return chains
}

// dnsLabel is the form of names in Kubernetes. The pods of an Indexed Job have names that are
// longer by an index and a random word.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$`)

// object is a part of a manifest. JSON writes its keys in alphabetical order.
type object = map[string]any

// Manifest returns the Job for this number of chains, as JSON, which kubectl accepts like YAML. It
// returns an error for names and paths that Kubernetes rejects, and if there are no chains.
//
// Pods get SIGTERM and two minutes to save when a node is drained or preempted. Such an end, or the
// loss of a node, doesn't count as a failure: the index restarts on another node and continues from
// its checkpoint. After other failures the index is tried twice more.
func (k Kubernetes) Manifest(chains int) ([]byte, error) {
	switch {
	case !dnsLabel.MatchString(k.Name):
		return nil, fmt.Errorf("%q can't be the name of a Job: want small letters, digits and hyphens, at most 52", k.Name)
	case k.Image == "" || strings.ContainsAny(k.Image, " \t\n"):
		return nil, fmt.Errorf("%q can't be an image: name one with --image, like registry.example.org/essnas:cuda", k.Image)
	case !dnsLabel.MatchString(k.Claim):
		return nil, fmt.Errorf("%q can't be the name of a PersistentVolumeClaim: name the one with the study's directory by --claim", k.Claim)
	case !strings.HasPrefix(k.Mount, "/") || strings.Contains(k.Mount, ":"):
		return nil, fmt.Errorf("%q can't be a mount path: want an absolute one without colon", k.Mount)
	case chains < 1:
		return nil, fmt.Errorf("there is nothing to do: every job has its result")
	}
	limits := object{}
	if k.Options.GPUs > 0 {
		limits["nvidia.com/gpu"] = fmt.Sprint(k.Options.GPUs)
	}
	if k.Options.Mem != "" {
		limits["memory"] = k.Options.Mem
	}
	requests := object{}
	if k.Options.CPUs > 0 {
		requests["cpu"] = fmt.Sprint(k.Options.CPUs)
	}
	if k.Options.Mem != "" {
		requests["memory"] = k.Options.Mem
	}
	container := object{
		"name": "essnas", "image": k.Image, "command": k.Command, "workingDir": k.Mount,
		"volumeMounts": []object{{"name": "study", "mountPath": k.Mount}},
		"resources":    object{"limits": limits, "requests": requests},
	}
	if k.Options.CacheDir != "" {
		container["env"] = []object{{"name": "ESSNAS_CACHE", "value": k.Options.CacheDir}}
	}
	parallel := k.Options.Limit
	if parallel == 0 {
		parallel = 10
	}
	job := object{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": object{"name": k.Name, "labels": object{"app.kubernetes.io/name": "essnas"}},
		"spec": object{
			"completionMode": "Indexed", "completions": chains, "parallelism": min(parallel, chains),
			"backoffLimitPerIndex": 2, "maxFailedIndexes": chains,
			"podFailurePolicy": object{"rules": []object{
				{"action": "Ignore", "onPodConditions": []object{{"type": "DisruptionTarget", "status": "True"}}},
			}},
			"template": object{
				"metadata": object{"labels": object{"app.kubernetes.io/name": "essnas"}},
				"spec": object{
					"restartPolicy": "Never", "terminationGracePeriodSeconds": 120,
					"containers": []object{container},
					"volumes":    []object{{"name": "study", "persistentVolumeClaim": object{"claimName": k.Claim}}},
				},
			},
		},
	}
	text, err := json.MarshalIndent(job, "", "  ")
	return append(text, '\n'), err
}
