package agentspan

import "github.com/nats-io/nats.go"

// natsInbox is one on a connection to NATS, and on the next one.
type natsInbox struct {
	link      *natsLink
	name      string
	onMessage func(*nats.Msg)
	// sub is that of the connection that there is; the link's mutex guards it.
	sub *nats.Subscription
}

func (l *natsLink) listen(onMessage func(*nats.Msg)) inbox {
	heard := &natsInbox{link: l, onMessage: onMessage}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inboxes = append(l.inboxes, heard)
	if err := heard.open(l.conn); err != nil {
		// The next connection has it.
		l.logger.Debug("Could not subscribe", "err", err)
	}
	return heard
}

// open hears on a connection. The link's mutex is held.
func (i *natsInbox) open(conn *nats.Conn) error {
	if i.name == "" {
		i.name = conn.NewInbox()
	}
	var err error
	i.sub, err = conn.Subscribe(i.name+".*", i.onMessage)
	return err
}

func (i *natsInbox) subject() string { return i.name }

func (i *natsInbox) close() {
	i.link.mu.Lock()
	sub := i.sub
	for at, one := range i.link.inboxes {
		if one == i {
			i.link.inboxes = append(i.link.inboxes[:at:at], i.link.inboxes[at+1:]...)
			break
		}
	}
	i.link.mu.Unlock()
	if sub == nil {
		return
	}
	if err := sub.Drain(); err != nil {
		// A connection that has closed has nothing on its way.
		i.link.logger.Debug("Could not drain a subscription", "err", err)
	}
}
