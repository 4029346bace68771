package pjrt

import (
	"slices"
	"testing"
)

func TestExecutablesWithoutUsersGoWhenTheyAreTooMany(t *testing.T) {
	var s shared
	var none loaded
	a, b, c, alone := loaded(new(int)), loaded(new(int)), loaded(new(int)), loaded(new(int))
	s.add(key{1}, a, maxSpare/2)
	s.add(key{2}, b, maxSpare/2)
	s.add(key{3}, c, maxSpare/2)
	s.add(key{1}, alone, 1) // compiled at the same time as a
	if s.take(key{1}) != a || s.take(key{4}) != none {
		t.Fatal("another executable than the one that was added first")
	}
	if gone := s.drop(alone); len(gone) != 1 || gone[0] != alone {
		t.Errorf("%v goes, want the one that isn't shared", gone)
	}
	for range 2 { // two users
		if gone := s.drop(a); gone != nil {
			t.Errorf("%v goes, and there is room", gone)
		}
	}
	s.drop(b)
	if s.take(key{1}) != a { // a has a user again, so of those without b is the oldest
		t.Fatal("a is gone")
	}
	s.drop(c)
	s.drop(a)
	if s.spare != maxSpare || s.take(key{2}) != none {
		t.Errorf("%d bytes are kept for nobody, want %d, and b to be gone", s.spare, maxSpare)
	}
	if gone := s.trim(0); !slices.Contains(gone, a) || !slices.Contains(gone, c) || len(gone) != 2 || s.spare != 0 || len(s.known)+len(s.holders) != 0 {
		t.Errorf("trimmed of %v, and %d bytes are left", gone, s.spare)
	}
}
