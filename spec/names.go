package spec

// named is a row of a table that says what a name of the specification's is to the kernel.
type named[N ~string, V any] struct {
	name  N
	value V
}

// valueOf looks a name up; ok is false if the table lacks it.
func valueOf[N ~string, V any](table []named[N, V], name N) (value V, ok bool) {
	for _, row := range table {
		if row.name == name {
			return row.value, true
		}
	}
	return value, false
}
