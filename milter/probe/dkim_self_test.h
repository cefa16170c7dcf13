/* dkim_self_test.h - does the library verify what RFC 8463 says is right?
 *
 * Its first signature makes OpenSSL and the library read files and set themselves
 * up, so this runs before a sandbox closes. Private to probe/. */
#ifndef WHYBOUNCE_PROBE_DKIM_SELF_TEST_H
#define WHYBOUNCE_PROBE_DKIM_SELF_TEST_H

#include "probe/dkim.h"

/* The example of RFC 8463, A.3: signed with Ed25519 and with RSA. */
extern const char dkim_example[];
/* Its key records, A.2: brisbane and test of football.example.com. */
extern const char dkim_example_ed25519[], dkim_example_rsa[];

bool dkim_self_test(const struct dkim_verifier *verifier);

#endif
