package study

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/study/engine"
)

// chainsFile is the file of the chains of an Indexed Job. It has a line of JSON for each index: the
// paths of job files, relative to the directory of the file.
const chainsFile = "chains.jsonl"

// Manifest writes the study's directory with a file for each unfinished job, and returns the
// manifest that lets Kubernetes execute them: an index for each search with its trainings. The
// caller sets image, claim and options of k, and the beginning of the command, without the
// subcommand. The mount path is the directory that contains the study's directory, so the volume
// must have the study under the same path. Manifest returns an error if the study can't be written,
// another process works in it, or k is invalid.
func (s *Study) Manifest(k engine.Kubernetes) ([]byte, error) {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return nil, err
	}
	queue, err := s.missing()
	if err != nil {
		return nil, err
	}
	chains := engine.Chains(queue)
	path := filepath.Join(dir, jobsDir, chainsFile)
	k.Name, k.Mount = strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(s.Config.Name)), filepath.Dir(dir)
	k.Command = append(k.Command[:len(k.Command):len(k.Command)], "study", "job", "--chain", path)
	text, err := k.Manifest(len(chains)) // finds errors before anything is written
	if err != nil {
		return nil, err
	}
	if _, err := s.Prepare(); err != nil {
		return nil, err
	}
	var lines []byte
	for _, c := range chains {
		var files []string
		for _, j := range c {
			files = append(files, j.Name+".json")
		}
		line, err := json.Marshal(files)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, line...), '\n')
	}
	return text, atomicfile.WriteBytes(path, lines)
}

// ReadChain returns the paths of the job files in a line of a file that [Study.Manifest] has
// written. The index counts from 0; a negative index stands for $JOB_COMPLETION_INDEX. ReadChain
// returns an error if the file has no such line.
func ReadChain(path string, index int) (files []string, err error) {
	if index < 0 {
		if index, err = strconv.Atoi(os.Getenv("JOB_COMPLETION_INDEX")); err != nil {
			return nil, fmt.Errorf("which line of %s? Kubernetes sets JOB_COMPLETION_INDEX; elsewhere give --index", path)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the chains of jobs can't be read: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if index < 0 || index >= len(lines) {
		return nil, fmt.Errorf("%s has %d lines, and none has the index %d", path, len(lines), index)
	}
	if err := json.Unmarshal([]byte(lines[index]), &files); err != nil {
		return nil, fmt.Errorf("line %d of %s is damaged: %w", index, path, err)
	}
	for i, f := range files {
		files[i] = filepath.Join(filepath.Dir(path), filepath.FromSlash(f))
	}
	return files, nil
}
