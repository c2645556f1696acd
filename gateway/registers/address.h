/* gateway/registers/address.h - whether an address is of its adapter's shape. Pure. */
#ifndef REGISTERS_ADDRESS_H
#define REGISTERS_ADDRESS_H

enum { ADDRESS_LONGEST = 254 }; /* RFC 5321: a path of 256 with its angle brackets */

/* NULL when it is; else what is wrong, as a sentence's end, without the address. */
const char *address_problem(const char *adapter, const char *address);

#endif
