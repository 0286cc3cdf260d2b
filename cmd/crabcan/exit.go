package main

import (
	"errors"
	"os"
)

// failure is the exit status of every failure, as it is runc's: clients tell failures apart by their words.
const failure = 1

// Errcode is how a verb ended: with the status that crabcan shall exit with and, if something went wrong, the reason.
// The zero value is success.
type Errcode struct {
	Status int
	Err    error
}

// failed is the Errcode of err; nil is success.
func failed(err error) Errcode {
	if err == nil {
		return Errcode{}
	}
	return Errcode{Status: failure, Err: err}
}

// Error makes an Errcode an error, so that it passes through the CLI library.
func (e Errcode) Error() string {
	if e.Err == nil {
		return "success"
	}
	return e.Err.Error()
}

// Unwrap returns the reason.
func (e Errcode) Unwrap() error { return e.Err }

// errcode is the Errcode in what the CLI library returned: a verb's own, success of the library's own help, or a
// failure.
func errcode(err error) Errcode {
	if e, ok := errors.AsType[Errcode](err); ok {
		return e
	}
	return failed(err)
}

// exitWithRetcode ends the process. No other place does, and none but this logs an error.
func exitWithRetcode(e Errcode) {
	if e.Err == nil {
		logSuccess(e.Status)
	} else {
		logFailure(e.Err)
	}
	os.Exit(e.Status)
}
