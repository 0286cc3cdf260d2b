package netdev

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ifinfo is struct ifinfomsg: a device by its index, and which of its flags to change.
func ifinfo(index int32, flags, change uint32) []byte {
	b := make([]byte, 4, unix.SizeofIfInfomsg) // family, padding, type: none
	b = binary.NativeEndian.AppendUint32(b, uint32(index))
	b = binary.NativeEndian.AppendUint32(b, flags)
	return binary.NativeEndian.AppendUint32(b, change)
}

// linkByName is the index of a device. The error is ENODEV if there is none.
func (c *conn) linkByName(name string) (int32, error) {
	body := append(ifinfo(0, 0, 0), attribute(unix.IFLA_IFNAME, cString(name))...)
	replies, err := c.request(unix.RTM_GETLINK, 0, body)
	if err != nil {
		return 0, err
	}
	for _, m := range replies {
		if index, _, ok := parseLink(m); ok {
			return index, nil
		}
	}
	return 0, unix.ENODEV
}

// links are the names of all devices by index.
func (c *conn) links() (map[int32]string, error) {
	replies, err := c.request(unix.RTM_GETLINK, unix.NLM_F_DUMP, ifinfo(0, 0, 0))
	if err != nil {
		return nil, err
	}
	list := make(map[int32]string)
	for _, m := range replies {
		if index, name, ok := parseLink(m); ok {
			list[index] = name
		}
	}
	return list, nil
}

func parseLink(m syscall.NetlinkMessage) (index int32, name string, ok bool) {
	if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
		return 0, "", false
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return 0, "", false
	}
	for _, a := range attributes {
		if a.Attr.Type == unix.IFLA_IFNAME {
			name = strings.TrimRight(string(a.Value), "\x00")
		}
	}
	return int32(binary.NativeEndian.Uint32(m.Data[4:])), name, true
}

func (c *conn) setUp(index int32) error {
	_, err := c.request(unix.RTM_NEWLINK, 0, ifinfo(index, unix.IFF_UP, unix.IFF_UP))
	return err
}

// moveLink moves and renames in one request: nobody on either side sees the device under the wrong name.
func (c *conn) moveLink(index int32, newName string, ns *os.File) error {
	body := append(ifinfo(index, 0, 0), attribute(unix.IFLA_IFNAME, cString(newName))...)
	fd := binary.NativeEndian.AppendUint32(nil, uint32(ns.Fd()))
	_, err := c.request(unix.RTM_NEWLINK, 0, append(body, attribute(unix.IFLA_NET_NS_FD, fd)...))
	return err
}
