package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A head is what a signed checkpoint says of its log.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

// readKeys reads one verifier key per line.
func readKeys(file string) (note.Verifiers, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var keys []note.Verifier
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		key, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("vkey: %w", err)
		}
		keys = append(keys, key)
	}
	return note.VerifierList(keys...), nil
}

func readHead(file string, keys note.Verifiers) (head, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return head{}, err
	}
	h, err := openHead(string(text), keys)
	if err != nil {
		return head{}, fmt.Errorf("%s: %w", file, err)
	}
	return h, nil
}

// openHead verifies a checkpoint and reads it; the text must be the only way to write what it says.
func openHead(text string, keys note.Verifiers) (head, error) {
	n, err := note.Open([]byte(text), keys)
	if err != nil {
		return head{}, err
	}
	if err := checkSpelling(text, n); err != nil {
		return head{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return head{}, fmt.Errorf("a checkpoint has three lines")
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return head{}, err
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return head{}, err
	}
	return head{lines[0], size, root}, nil
}

// checkSpelling refuses what note.Open is lenient about: spare bits and pieces in the signature lines.
func checkSpelling(text string, n *note.Note) error {
	lines := 0
	for _, sig := range append(append([]note.Signature{}, n.Sigs...), n.UnverifiedSigs...) {
		bytes, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
		if err != nil || base64.StdEncoding.EncodeToString(bytes) != sig.Base64 {
			return fmt.Errorf("signature by %s: not canonical base64", sig.Name)
		}
		if !strings.Contains(text, "\n\u2014 "+sig.Name+" "+sig.Base64+"\n") {
			return fmt.Errorf("signature by %s: not on a line of its own", sig.Name)
		}
		lines += len("\u2014  \n") + len(sig.Name) + len(sig.Base64)
	}
	if len(text) != len(n.Text)+1+lines {
		return fmt.Errorf("more in the note than its text and signatures")
	}
	return nil
}

func parseSize(text string) (int64, error) {
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != text {
		return 0, fmt.Errorf("%q is no size or index", text)
	}
	return size, nil
}

func parseHash(text string) (tlog.Hash, error) {
	hash, err := tlog.ParseHash(text)
	if err != nil || hash.String() != text {
		return tlog.Hash{}, fmt.Errorf("%q is no hash", text)
	}
	return hash, nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
