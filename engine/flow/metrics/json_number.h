/* Numbers as the JSON encoder of Go writes them: the shortest digits that give the same double
 * back, without an exponent between 1e-6 and 1e21. */
#ifndef RG_FLOW_JSON_NUMBER_H
#define RG_FLOW_JSON_NUMBER_H

#include "rg/base/buf.h"

#define RG_JSON_NUMBER_SIZE 40

/* value is finite. out has RG_JSON_NUMBER_SIZE bytes. Returns the length. */
size_t rg_json_number(double value, char *out);

#endif
