package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// A log holds every hash of the tree, computed from the entries alone, in the order of tlog.StoredHashIndex.
type log struct {
	hashes []tlog.Hash
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("hash %d is past the log", index)
		}
		found[i] = l.hashes[index]
	}
	return found, nil
}

// readEntries reads every bundle of entries; each must hold exactly its share of size entries.
func readEntries(dir string, size int64) (*log, error) {
	l := &log{}
	for at := int64(0); at < size; {
		tile := tileAt(0, at/tileWidth, size)
		path := strings.Replace(pathOf(tile), "tile/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		for i := 0; i < tile.W; i++ {
			entry, rest, err := cutEntry(data)
			if err != nil {
				return nil, fmt.Errorf("%s: entry %d: %w", path, at, err)
			}
			hashes, err := tlog.StoredHashes(at, entry, l)
			if err != nil {
				return nil, err
			}
			l.hashes = append(l.hashes, hashes...)
			data = rest
			at++
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("%s: %d bytes after the last entry", path, len(data))
		}
	}
	return l, nil
}

func cutEntry(data []byte) (entry, rest []byte, err error) {
	if len(data) < 2 {
		return nil, nil, fmt.Errorf("no length")
	}
	length := int(binary.BigEndian.Uint16(data))
	if len(data) < 2+length {
		return nil, nil, fmt.Errorf("shorter than its length says")
	}
	return data[2 : 2+length], data[2+length:], nil
}

// checkHead says whether h is the head of this log at its size, which may be smaller than the log.
func (l *log) checkHead(h head) error {
	root := tlog.Hash(sha256.Sum256(nil))
	if h.size > 0 {
		var err error
		if root, err = tlog.TreeHash(h.size, l); err != nil {
			return err
		}
	}
	if root != h.root {
		return fmt.Errorf("the root at size %d is %v, not the signed %v", h.size, root, h.root)
	}
	return nil
}

// checkTiles reads every tile of every level, compares it with the hashes of the entries, computes the root from the
// tiles alone, and refuses files under tile/ that the size does not account for.
func (l *log) checkTiles(dir string, h head) (int, error) {
	expected := map[string]bool{}
	tiles := tileFiles{}
	for level := 0; h.size>>(tileHeight*level) > 0; level++ {
		count := h.size >> (tileHeight * level)
		for n := int64(0); n*tileWidth < count; n++ {
			tile := tileAt(level, n, h.size)
			path := pathOf(tile)
			data, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				return 0, err
			}
			fromEntries, err := tlog.ReadTileData(tile, l)
			if err != nil {
				return 0, err
			}
			if !bytes.Equal(data, fromEntries) {
				return 0, fmt.Errorf("%s: differs from the hashes of the entries", path)
			}
			tiles[[2]int64{int64(level), n}] = storedTile{tile, data}
			expected[path] = true
			expected[strings.Replace(path, "tile/0/", "tile/entries/", 1)] = true
		}
	}
	if h.size > 0 {
		root, err := tlog.TreeHash(h.size, tiles)
		if err != nil {
			return 0, err
		}
		if root != h.root {
			return 0, fmt.Errorf("tiles: the root is %v, not the signed %v", root, h.root)
		}
	}
	return len(tiles), checkNothingElse(dir, "tile", expected)
}

// checkNothingElse refuses files below dir/under that are not expected.
func checkNothingElse(dir, under string, expected map[string]bool) error {
	if _, err := os.Stat(filepath.Join(dir, under)); os.IsNotExist(err) {
		return nil
	}
	return filepath.WalkDir(filepath.Join(dir, under), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		path, err := filepath.Rel(dir, file)
		if err == nil && !expected[filepath.ToSlash(path)] {
			err = fmt.Errorf("%s: does not belong here", path)
		}
		return err
	})
}

type storedTile struct {
	tile tlog.Tile
	data []byte
}

// tileFiles reads hashes from the tiles alone, by level and number.
type tileFiles map[[2]int64]storedTile

func (t tileFiles) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		wanted := tlog.TileForIndex(tileHeight, index)
		stored, ok := t[[2]int64{int64(wanted.L), wanted.N}]
		if !ok {
			return nil, fmt.Errorf("no tile %s", pathOf(wanted))
		}
		hash, err := tlog.HashFromTile(stored.tile, stored.data, index)
		if err != nil {
			return nil, err
		}
		found[i] = hash
	}
	return found, nil
}

// tileAt is the tile as wide as a tree of size leaves fills it.
func tileAt(level int, n, size int64) tlog.Tile {
	width := size>>(tileHeight*level) - n*tileWidth
	if width > tileWidth {
		width = tileWidth
	}
	return tlog.Tile{H: tileHeight, L: level, N: n, W: int(width)}
}

// pathOf leaves out the height, which tlog-tiles fixes at 8.
func pathOf(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}
