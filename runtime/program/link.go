package program

import (
	"encoding/binary"
	"fmt"
)

// The image's memory map. One file, mapped twice: all of it read-only and executable at textBase, and the initial
// words of the memory once more, writable, at dataBase, followed by the zero bytes. Every address is its base plus
// its offset in the file, so file offset and address agree modulo any page size, as the kernel's ELF loader demands.
// The addresses are fixed: the program has nothing to hide, and the interpreter needs no relocation.
//
//	0x000  ELF header and program headers
//	0x100  boot block: address of the first step, address of the memory's header
//	0x110  the interpreter
//	0x3e0  the signal handler
//	0x400  initial words of the memory
//	...    the steps
//	...    strings, byte arrays, word arrays
const (
	textBase  = 0x10000000
	dataBase  = 0x20000000
	bootBlock = 0x100
	codeStart = 0x110
	handlerAt = 0x3e0
	dataStart = 0x400
	stepSize  = 96
	maxPage   = 0x10000 // arm64 kernels may have pages of 64 KiB
)

// linker lays out one image.
type linker struct {
	p     *Program
	image []byte
	memAt []uint64          // address of each Mem
	blobs map[string]uint64 // address of each read-only blob
	err   error
}

// Link turns the program into a static ELF executable for this architecture. It fails if a step has too many
// arguments or cases, or if a label was never put in place: mistakes of whoever wrote the program.
func (p *Program) Link() ([]byte, error) {
	l := &linker{p: p, memAt: make([]uint64, len(p.mems)), blobs: make(map[string]uint64, 256)}
	table := p.tableStart()
	size := table + stepSize*len(p.Steps)
	l.image = make([]byte, size, size+16<<10)
	loop, handler := interpreter()
	if codeStart+len(loop) > handlerAt || handlerAt+len(handler) > dataStart {
		return nil, fmt.Errorf("program: an interpreter of %d+%d bytes does not fit", len(loop), len(handler))
	}
	copy(l.image[codeStart:], loop)
	copy(l.image[handlerAt:], handler)
	bss := l.placeMemory()
	for i := range p.Steps {
		l.step(i)
	}
	l.initialWords()
	l.put64(bootBlock, textBase+uint64(table))
	l.put64(bootBlock+8, l.memAt[header])
	l.headers(uint64(table-dataStart), bss)
	return l.image, l.err
}

// StepIndex turns an address found at StepAt back into an index of Steps; ok is false if it is none.
func (p *Program) StepIndex(addr uint64) (index int, ok bool) {
	off := int64(addr) - textBase - int64(p.tableStart())
	if off < 0 || off%stepSize != 0 || off/stepSize >= int64(len(p.Steps)) {
		return 0, false
	}
	return int(off / stepSize), true
}

// tableStart is the file offset of the first step.
func (p *Program) tableStart() int {
	at := dataStart
	for _, m := range p.mems {
		at += 8 * len(m.words)
	}
	return at
}

// placeMemory gives every Mem its address, those with initial words first, so that the rest takes no room in the
// file. It returns the size of that rest.
func (l *linker) placeMemory() (bss uint64) {
	at := uint64(dataBase + dataStart)
	for i, m := range l.p.mems {
		if m.words != nil {
			l.memAt[i] = at
			at += 8 * uint64(len(m.words))
		}
	}
	data := at
	for i, m := range l.p.mems {
		if m.words == nil {
			l.memAt[i] = at
			at += uint64(m.size+7) &^ 7
		}
	}
	return at - data
}

// initialWords fills in the words of every Mem that has some.
func (l *linker) initialWords() {
	at := dataStart
	for _, m := range l.p.mems {
		for _, w := range m.words {
			l.put64(at, l.value(w))
			at += 8
		}
	}
}

// step writes the i-th record of the table: number, op, which arguments to load, where to go on, the arguments, where
// the result goes, and the cases behind which a zero errno ends the list.
func (l *linker) step(i int) {
	s := &l.p.Steps[i]
	if len(s.Args) > 6 || len(s.On) > MaxCases {
		l.fail(fmt.Errorf("program: step %d has %d arguments and %d cases", i, len(s.Args), len(s.On)))
		return
	}
	at := l.p.tableStart() + i*stepSize
	var load byte
	for j, a := range s.Args {
		if a.Kind == ArgLoad {
			load |= 1 << j
		}
		l.put64(at+8+8*j, l.value(a))
	}
	binary.LittleEndian.PutUint16(l.image[at:], uint16(s.Nr))
	l.image[at+2] = byte(s.Op)
	l.image[at+3] = load
	next := uint64(textBase + at + stepSize)
	if s.Next != 0 {
		next = l.label(s.Next)
	}
	l.put32(at+4, uint32(next))
	if s.Result.Kind == ArgAddr {
		l.put64(at+56, l.value(s.Result))
	}
	for j, c := range s.On {
		l.put32(at+64+8*j, c.Errno)
		l.put32(at+68+8*j, uint32(l.label(c.To)))
	}
}

// value is what an argument's word holds: the number, or the address.
func (l *linker) value(a Arg) uint64 {
	switch a.Kind {
	case ArgBytes:
		return l.blob(a.Data, 1)
	case ArgWords:
		return l.words(a.Words)
	case ArgAddr, ArgLoad:
		return l.memAt[a.Mem] + a.N
	case argLabel:
		return l.label(Label(a.N))
	default:
		return a.N
	}
}

// words appends an array of words and returns its address.
func (l *linker) words(list []Arg) uint64 {
	b := make([]byte, 8*len(list))
	for i, a := range list {
		binary.LittleEndian.PutUint64(b[8*i:], l.value(a))
	}
	return l.blob(string(b), 8)
}

// blob appends bytes that are not there yet and returns their address. Structures that the kernel reads hold 8-byte
// words, so everything of that size is aligned to it.
func (l *linker) blob(data string, align int) uint64 {
	if at, ok := l.blobs[data]; ok && at%uint64(align) == 0 {
		return at
	}
	if len(data)%8 == 0 {
		align = 8
	}
	for len(l.image)%align != 0 {
		l.image = append(l.image, 0)
	}
	at := textBase + uint64(len(l.image))
	l.image = append(l.image, data...)
	l.blobs[data] = at
	return at
}

// label is the address of the step that a label stands before.
func (l *linker) label(to Label) uint64 {
	i := l.p.Where(to)
	if i < 0 || i >= len(l.p.Steps) {
		l.fail(fmt.Errorf("program: label %d leads nowhere", to))
		return 0
	}
	return uint64(textBase + l.p.tableStart() + i*stepSize)
}

// What of elf(5) an executable needs. debug/elf has it too, but brings decompressors and a DWARF parser into every
// start of crabcan.
const (
	elfHeaderSize  = 64
	elfProgSize    = 56
	elfClass64     = 2
	elfLittle      = 1
	elfVersion     = 1
	elfExecutable  = 2
	segmentLoad    = 1
	segmentStack   = 0x6474e551 // PT_GNU_STACK: its flags say that the stack is not executable
	flagX, flagW   = 1, 2
	flagR          = 4
	stackAlignment = 16
)

// segment is one program header, in the order of its fields in the file.
type segment struct {
	kind, flags                                 uint32
	off, vaddr, paddr, filesz, memsz, alignment uint64
}

// headers writes the ELF header and its program headers.
func (l *linker) headers(data, bss uint64) {
	size := uint64(len(l.image))
	segments := []segment{
		{kind: segmentLoad, flags: flagR | flagX, vaddr: textBase, filesz: size, memsz: size, alignment: maxPage},
		{kind: segmentLoad, flags: flagR | flagW, off: dataStart, vaddr: dataBase + dataStart,
			filesz: data, memsz: data + bss, alignment: maxPage},
		{kind: segmentStack, flags: flagR | flagW, alignment: stackAlignment},
	}
	put16 := binary.LittleEndian.PutUint16
	copy(l.image, "\x7fELF")
	copy(l.image[4:], []byte{elfClass64, elfLittle, elfVersion})
	put16(l.image[16:], elfExecutable)
	put16(l.image[18:], machine)
	l.put32(20, elfVersion)
	l.put64(24, textBase+codeStart)
	l.put64(32, elfHeaderSize)
	put16(l.image[52:], elfHeaderSize)
	put16(l.image[54:], elfProgSize)
	put16(l.image[56:], uint16(len(segments)))
	for i, s := range segments {
		at := elfHeaderSize + elfProgSize*i
		l.put32(at, s.kind)
		l.put32(at+4, s.flags)
		for j, v := range []uint64{s.off, s.vaddr, s.paddr, s.filesz, s.memsz, s.alignment} {
			l.put64(at+8+8*j, v)
		}
	}
}

func (l *linker) put32(at int, v uint32) { binary.LittleEndian.PutUint32(l.image[at:], v) }
func (l *linker) put64(at int, v uint64) { binary.LittleEndian.PutUint64(l.image[at:], v) }

// fail keeps the first error.
func (l *linker) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}
