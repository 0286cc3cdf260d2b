package state

import "fmt"

// maxID is the longest id in bytes: the id is the name of a folder, and no Linux file system allows a longer one.
const maxID = 255

// CheckID reports what keeps id from naming a container, or nil. An id is 1 to 255 ASCII letters, digits and
// `_ + - .`, and neither "." nor "..", so that joined to a root it can only ever name a folder directly in there.
func CheckID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("invalid container ID: it is empty")
	case id == "." || id == "..":
		return fmt.Errorf("invalid container ID %q: it names a folder relative to itself", id)
	case len(id) > maxID:
		return fmt.Errorf("invalid container ID: it is %d bytes long, at most %d are allowed", len(id), maxID)
	}
	for _, char := range id {
		if !allowed(char) {
			return fmt.Errorf("invalid container ID %q: it holds %q, only letters, digits and _ + - . are allowed", id, char)
		}
	}
	return nil
}

func allowed(char rune) bool {
	return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9' ||
		char == '_' || char == '+' || char == '-' || char == '.'
}
