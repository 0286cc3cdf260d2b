package main

import "strconv"

// exitWith makes a command that only ends.
func exitWith(status exitStatus) func([]string) error {
	return func([]string) error {
		if status == 0 {
			return nil
		}
		return status
	}
}

func exit(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	status, err := strconv.ParseUint(args[0], 10, 8)
	if err != nil {
		return err
	}
	return exitWith(exitStatus(status))(nil)
}
