// Package build describes the program: its version and the commit of its sources.
//
// A program that the go command builds in a git checkout knows both from the build information.
// Sources without git's directory, such as a release's archive or a container image, have both in
// the file stamp.txt of this package, which git archive and the Dockerfile fill in.
package build

import (
	_ "embed"
	"runtime/debug"
	"strings"
)

// stamp is the line that git archive replaces by commit and version (see .gitattributes).
//
//go:embed stamp.txt
var stamp string

// Info describes a build.
type Info struct {
	// Version is the version of a release, such as v0.2.0, or of a commit between releases (a
	// pseudo-version of the go command), or "(devel)" if it is unknown.
	Version string `json:"version"`
	// Commit is the hash of the sources' commit, or "unknown".
	Commit string `json:"commit"`
	// Modified is true if the sources differ from the commit.
	Modified bool `json:"modified"`
}

// Read describes this program.
func Read() Info {
	info, _ := debug.ReadBuildInfo()
	return read(stamp, info)
}

// read combines both sources. The build information is preferred, because it belongs to a checkout
// in which the stamp is not filled in.
func read(stamp string, info *debug.BuildInfo) Info {
	i := Info{Version: "(devel)", Commit: "unknown"}
	if commit, version, _ := strings.Cut(strings.TrimSpace(stamp), " "); commit != "" && !strings.HasPrefix(commit, "$") {
		i.Commit = commit
		// git archive leaves the placeholder of the version as it is if the commit has no tag.
		if version != "" && !strings.HasPrefix(version, "%") {
			i.Version = version
		}
	}
	if info == nil {
		return i
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		i.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.modified":
			i.Modified = s.Value == "true"
		}
	}
	return i
}
