package run

import "errors"

// Advised is an error that ends with a command to type.
type Advised struct {
	Text string   // the text before the command
	Args []string // arguments of the command

	command string
}

// Advise returns an error of the text and the command with these arguments.
func Advise(text string, args ...string) error { return Advised{text, args, Command(args...)} }

// Error returns the text and the command.
func (e Advised) Error() string { return e.Text + e.command }

// Readvise replaces the command at the end of an Advised error by the one that next makes of its
// arguments. It returns other errors unchanged.
func Readvise(err error, next func(args ...string) string) error {
	var e Advised
	if !errors.As(err, &e) {
		return err
	}
	text := err.Error()
	if n := len(text) - len(e.command); n >= 0 && text[n:] == e.command {
		return Advised{text[:n], e.Args, next(e.Args...)}
	}
	return err
}
