// Command audit checks an exported log without any of its maker's code: only the standard library and the packages
// note and tlog of golang.org/x/mod.
//
// An export is a directory of: vkey, checkpoint, tile/<level>/..., tile/entries/..., proofs/*.tlog-proof, and pairs
// consistency/<name>.txt (a body of add-checkpoint) and consistency/<name>.old (the older checkpoint).
// It prints "OK ..." and exits 0 when everything holds; else it prints "FAIL <what>" and exits 1.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Println("usage: audit <export directory>")
		os.Exit(2)
	}
	summary, err := audit(os.Args[1])
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
	fmt.Println("OK", summary)
}

func audit(dir string) (string, error) {
	keys, err := readKeys(filepath.Join(dir, "vkey"))
	if err != nil {
		return "", err
	}
	head, err := readHead(filepath.Join(dir, "checkpoint"), keys)
	if err != nil {
		return "", err
	}
	log, err := readEntries(dir, head.size)
	if err != nil {
		return "", err
	}
	if err := log.checkHead(head); err != nil {
		return "", fmt.Errorf("entries: %w", err)
	}
	tiles, err := log.checkTiles(dir, head)
	if err != nil {
		return "", err
	}
	proofs, err := checkProofs(dir, keys, head, log)
	if err != nil {
		return "", err
	}
	steps, err := checkConsistency(dir, keys, head, log)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %d entries, %d tiles, %d inclusion proofs, %d consistency proofs",
		head.origin, head.size, tiles, proofs, steps), nil
}
