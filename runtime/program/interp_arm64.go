package program

// machine is EM_AARCH64 of elf(5).
const machine = 183
