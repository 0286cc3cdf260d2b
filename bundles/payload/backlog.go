package main

import (
	"context"
	"fmt"
	"net"
)

// backlog keeps a connection, of its own, in the queue of a socket that never accepts one.
func backlog([]string) error {
	config := net.ListenConfig{}
	config.SetMultipathTCP(false) // which CRIU does not know
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Println("connected")
	return hang(nil)
}
