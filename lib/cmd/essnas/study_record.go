package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/findings"
	"github.com/spf13/cobra"
)

// studyRecord is the command essnas study record.
func (p *program) studyRecord() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "record DIR",
		Short: "Write a record of a study that is small enough for a repository",
		Long: `Write the results of the study in DIR into another directory: settings, checksums, events of the epochs, cells and tests of every ended run, without weights,
figures and pages. Notebooks read it like the study itself, without a backend. SHA256SUMS has the checksum of each file; sha256sum -c checks them.`,
		Example: "  essnas study record runs/study-cifar10-course-1a2b3c4d --out recorded/course",
		Args:    oneStudy,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := study.Open(args[0])
			if err != nil {
				return err
			}
			if err := s.Record(out); err != nil {
				return err
			}
			record, err := findings.Open(out)
			if err != nil {
				return err
			}
			if err := record.Verify(); err != nil {
				return err
			}
			r, err := record.Results()
			if err != nil {
				return err
			}
			return p.print(c, recorded{out, len(r.Trials)}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "Recorded %d cells with their trainings in %s\n", len(r.Trials), out)
				return err
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` for the record; an earlier record of the same study is replaced")
	c.MarkFlagRequired("out")
	return c
}

// recorded is the answer of study record.
type recorded struct {
	Dir    string `json:"dir"`
	Trials int    `json:"trials"`
}

// studyMerge is the command essnas study merge.
func (p *program) studyMerge() *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR OTHER...",
		Short: "Add the ended runs of other parts of a study",
		Long: `Copy the ended runs of each OTHER into the study in DIR, if DIR lacks them, and write the report again. All of them must be parts of one study, with the same
settings, data, versions and kind of backend. Runs that two parts have must have equal results.`,
		Example: "  essnas study merge runs/study-cifar10-course-1a2b3c4d from-anna/study-cifar10-course-1a2b3c4d",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("%s wants the directories of a study and of at least one other part: see %s --help", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, err := study.Open(args[0])
			if err != nil {
				return err
			}
			added, err := s.Take(args[1:])
			if err != nil {
				return err
			}
			return p.print(c, merged{args[0], added}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "Added %d runs to %s\nReport    %s\n", added, args[0], s.Path("report.html"))
				return err
			})
		},
	}
}

// merged is the answer of study merge.
type merged struct {
	Dir   string `json:"dir"`
	Added int    `json:"added"`
}

// oneStudy returns an error unless the arguments are the directory of one study.
func oneStudy(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s wants the directory of one study, got %d: see %s --help", c.CommandPath(), len(args), c.CommandPath())
	}
	return nil
}
