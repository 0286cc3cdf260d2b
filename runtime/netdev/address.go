package netdev

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// address is an address of a device as rtnetlink(7) describes it: struct ifaddrmsg without the index, and those
// attributes that are about the address and not about where it was.
type address struct {
	family, prefix, scope byte
	flags                 uint32
	attributes            []byte
	ip                    netip.Addr
}

func (a address) String() string { return fmt.Sprintf("%s/%d", a.ip, a.prefix) }

// keptAttributes are what an address is made of. Its label has the device's old name in it, and its lifetime is
// forever.
var keptAttributes = [...]uint16{unix.IFA_ADDRESS, unix.IFA_LOCAL, unix.IFA_BROADCAST, unix.IFA_ANYCAST, unix.IFA_RT_PRIORITY}

// settableFlags are those that a request may carry; the others tell of a state.
const settableFlags = unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_MANAGETEMPADDR | unix.IFA_F_NOPREFIXROUTE |
	unix.IFA_F_MCAUTOJOIN

// lastingAddresses are those addresses of a device that move with it (config-linux.md, "Network Devices"): permanent
// ones, not given for a time by somebody on the old network, and of global scope.
func (c *conn) lastingAddresses(index int32) (list []address, err error) {
	replies, err := c.request(unix.RTM_GETADDR, unix.NLM_F_DUMP, make([]byte, unix.SizeofIfAddrmsg))
	if err != nil {
		return nil, err
	}
	for _, m := range replies {
		a, of, ok := parseAddress(m)
		if ok && of == index && a.flags&unix.IFA_F_PERMANENT != 0 && a.scope == unix.RT_SCOPE_UNIVERSE {
			list = append(list, a)
		}
	}
	return list, nil
}

func parseAddress(m syscall.NetlinkMessage) (a address, index int32, ok bool) {
	if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
		return a, 0, false
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return a, 0, false
	}
	a = address{family: m.Data[0], prefix: m.Data[1], flags: uint32(m.Data[2]), scope: m.Data[3]}
	for _, attr := range attributes {
		if attr.Attr.Type == unix.IFA_FLAGS && len(attr.Value) == 4 {
			a.flags = binary.NativeEndian.Uint32(attr.Value)
		}
		if slices.Contains(keptAttributes[:], attr.Attr.Type) {
			a.attributes = append(a.attributes, attribute(attr.Attr.Type, attr.Value)...)
		}
		if attr.Attr.Type == unix.IFA_LOCAL || attr.Attr.Type == unix.IFA_ADDRESS && !a.ip.IsValid() {
			a.ip, _ = netip.AddrFromSlice(attr.Value)
		}
	}
	return a, int32(binary.NativeEndian.Uint32(m.Data[4:])), true
}

func (c *conn) addAddress(index int32, a address) error {
	body := []byte{a.family, a.prefix, 0, a.scope}
	body = binary.NativeEndian.AppendUint32(body, uint32(index))
	body = append(body, a.attributes...)
	flags := binary.NativeEndian.AppendUint32(nil, a.flags&settableFlags)
	_, err := c.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, append(body, attribute(unix.IFA_FLAGS, flags)...))
	return err
}
