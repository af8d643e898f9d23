package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const proofHeader = "c2sp.org/tlog-proof@v1"

// checkProofs verifies every file under proofs/; the entry a proof is about is in its extra line.
func checkProofs(dir string, keys note.Verifiers, newest head, log *log) (int, error) {
	files, err := os.ReadDir(filepath.Join(dir, "proofs"))
	if err != nil && !os.IsNotExist(err) {
		return 0, err
	}
	for _, file := range files {
		name := "proofs/" + file.Name()
		if !strings.HasSuffix(name, ".tlog-proof") {
			return 0, fmt.Errorf("%s: does not belong here", name)
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		if err := checkProof(string(text), keys, newest, log); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	return len(files), nil
}

func checkProof(text string, keys note.Verifiers, newest head, log *log) error {
	lines, h, err := openProof(text, keys, newest, log)
	if err != nil {
		return err
	}
	if len(lines) < 3 || lines[0] != proofHeader {
		return fmt.Errorf("not header, extra, index and path")
	}
	encoded := strings.TrimPrefix(lines[1], "extra ")
	entry, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || "extra "+base64.StdEncoding.EncodeToString(entry) != lines[1] {
		return fmt.Errorf("no entry in the line of extra data")
	}
	digits := strings.TrimPrefix(lines[2], "index ")
	index, err := parseSize(digits)
	if err != nil || "index "+digits != lines[2] {
		return fmt.Errorf("no index")
	}
	path, err := parseHashes(lines[3:])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, h.size, h.root, index, tlog.RecordHash(entry))
}

// checkConsistency verifies every pair under consistency/.
func checkConsistency(dir string, keys note.Verifiers, newest head, log *log) (int, error) {
	bodies, err := filepath.Glob(filepath.Join(dir, "consistency", "*.txt"))
	if err != nil {
		return 0, err
	}
	expected := map[string]bool{}
	for _, body := range bodies {
		name := strings.TrimSuffix(filepath.Base(body), ".txt")
		expected["consistency/"+name+".txt"] = true
		expected["consistency/"+name+".old"] = true
		old, err := readHead(filepath.Join(dir, "consistency", name+".old"), keys)
		if err != nil {
			return 0, err
		}
		text, err := os.ReadFile(body)
		if err != nil {
			return 0, err
		}
		if err := checkStep(string(text), old, keys, newest, log); err != nil {
			return 0, fmt.Errorf("consistency/%s.txt: %w", name, err)
		}
	}
	return len(bodies), checkNothingElse(dir, "consistency", expected)
}

func checkStep(text string, old head, keys note.Verifiers, newest head, log *log) error {
	lines, h, err := openProof(text, keys, newest, log)
	if err != nil {
		return err
	}
	if lines[0] != fmt.Sprintf("old %d", old.size) {
		return fmt.Errorf("%q is not about the checkpoint beside it, of size %d", lines[0], old.size)
	}
	if old.origin != h.origin {
		return fmt.Errorf("from %s to %s", old.origin, h.origin)
	}
	path, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	if old.size == 0 {
		if len(path) > 0 {
			return fmt.Errorf("a path from the empty log")
		}
		return log.checkHead(old)
	}
	return tlog.CheckTree(path, h.size, h.root, old.size, old.root)
}

// openProof cuts a proof into its lines and the checkpoint below them, which must be of this log.
func openProof(text string, keys note.Verifiers, newest head, log *log) ([]string, head, error) {
	parts := strings.SplitN(text, "\n\n", 2)
	if len(parts) != 2 {
		return nil, head{}, fmt.Errorf("no checkpoint")
	}
	h, err := openHead(parts[1], keys)
	if err != nil {
		return nil, head{}, err
	}
	if h.origin != newest.origin || h.size > newest.size {
		return nil, head{}, fmt.Errorf("its checkpoint is not of this log up to here")
	}
	return strings.Split(parts[0], "\n"), h, log.checkHead(h)
}
