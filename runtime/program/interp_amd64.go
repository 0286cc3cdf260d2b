package program

// machine is EM_X86_64 of elf(5).
const machine = 62
