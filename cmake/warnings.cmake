set(KN_WARNINGS -Wall -Wextra -Wpedantic -Wno-psabi -Wno-restrict)
