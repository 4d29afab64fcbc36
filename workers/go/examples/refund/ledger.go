package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// booking is a line of the ledger.
type booking struct {
	Key     string  `json:"key"`
	OrderID string  `json:"order_id"`
	Amount  float64 `json:"amount"`
}

func ledgerFile() string { return cmp.Or(os.Getenv("REFUND_LEDGER"), "refunds.jsonl") }

// book writes a line by one write.
func book(entry booking) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(ledgerFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// find gives the booking with this key; nil where there is none.
func find(key string) (*booking, error) {
	file, err := os.Open(ledgerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var entry booking
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			return nil, err
		}
		if entry.Key == key {
			return &entry, nil
		}
	}
	return nil, lines.Err()
}
