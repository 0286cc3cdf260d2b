// Package netdev moves network devices of the host into a container's network namespace.
package netdev

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Move moves a device of this process's network namespace into the one that ns is open on, as newName, in which "%d"
// stands for the first free number. What belongs to the device stays with it; the kernel takes its addresses away,
// and those that are meant to last come back: permanent ones of global scope. In the end it is up. It needs
// CAP_NET_ADMIN in both namespaces.
//
// If it fails half-way the device may be in the namespace already: it comes back, or ends, with it.
func Move(name, newName string, ns *os.File) error {
	host, err := dial()
	if err != nil {
		return err
	}
	defer host.close()
	target, err := dialIn(ns)
	if err != nil {
		return err
	}
	defer target.close()
	device, err := host.linkByName(name)
	if errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("there is no network device %s on the host", name)
	}
	if err != nil {
		return fmt.Errorf("look up: %w", err)
	}
	// IPv6 addresses go when the device goes down, so they are read first.
	kept, err := host.lastingAddresses(device)
	if err != nil {
		return fmt.Errorf("list its addresses: %w", err)
	}
	moved, err := move(host, target, device, newName, ns)
	if err != nil {
		return err
	}
	for _, a := range kept {
		if err := target.addAddress(moved, a); err != nil {
			return fmt.Errorf("give it its address %s back: %w", a, err)
		}
	}
	if err := target.setUp(moved); err != nil {
		return fmt.Errorf("bring it up: %w", err)
	}
	return nil
}

// RaiseLoopback brings up the loopback device of the network namespace that ns is open on.
func RaiseLoopback(ns *os.File) error {
	target, err := dialIn(ns)
	if err != nil {
		return err
	}
	defer target.close()
	device, err := target.linkByName("lo")
	if err == nil {
		err = target.setUp(device)
	}
	if err != nil {
		return fmt.Errorf("bring up the loopback device: %w", err)
	}
	return nil
}

// move takes the device to the other side and returns the index that it has there. That its name is free is checked
// first: the kernel would notice only when it is there already.
func move(host, target *conn, device int32, newName string, ns *os.File) (int32, error) {
	before, err := target.links()
	if err != nil {
		return 0, fmt.Errorf("list the devices of the container: %w", err)
	}
	for _, there := range before {
		if there == newName {
			return 0, fmt.Errorf("a network device %s already exists in the container's network namespace", newName)
		}
	}
	// The kernel brings it down itself, once it is sure that it can be moved: one that can't stays up on the host.
	if err := host.moveLink(device, newName, ns); err != nil {
		return 0, fmt.Errorf("move it to the container's network namespace: %w", err)
	}
	after, err := target.links()
	if err != nil {
		return 0, fmt.Errorf("list the devices of the container: %w", err)
	}
	return find(before, after, newName)
}

// find is the index of a device that came between two lists: by name, or if that is a template by its being new.
func find(before, after map[int32]string, name string) (int32, error) {
	prefix, _, template := strings.Cut(name, "%d")
	for index, now := range after {
		_, old := before[index]
		if now == name || template && !old && strings.HasPrefix(now, prefix) {
			return index, nil
		}
	}
	return 0, fmt.Errorf("it is not there as %s", name)
}
