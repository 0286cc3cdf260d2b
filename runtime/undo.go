package runtime

import "errors"

// undo is the clean exit of a create: what was done so far, to be taken back in the opposite order.
type undo []func() error

func (u *undo) push(f func() error) { *u = append(*u, f) }

// run takes everything back. It goes on after an error: a cgroup that can't be removed is no reason to leave a process.
func (u *undo) run() error {
	var errs []error
	for i := len(*u) - 1; i >= 0; i-- {
		errs = append(errs, (*u)[i]())
	}
	*u = nil
	return errors.Join(errs...)
}
