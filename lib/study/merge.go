package study

import "github.com/essnas/essnas/lib/study/findings"

// Take merges other parts into the study and writes the report (see [findings.Directory.Merge]). It
// returns an error if another process works on the study or a part can't be merged. The parts
// before that one stay merged.
func (s *Study) Take(parts []string) (added int, err error) {
	var others []*findings.Directory
	for _, dir := range parts {
		other, err := findings.Open(dir)
		if err != nil {
			return 0, err
		}
		others = append(others, other)
	}
	if err := s.take(); err != nil {
		return 0, err
	}
	defer s.end()
	for _, other := range others {
		n, err := s.Merge(other)
		added += n
		if err != nil {
			return added, err
		}
	}
	_, err = s.Report()
	return added, err
}
