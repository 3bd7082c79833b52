/* The status document of the engine (docs/status-format.md) as text for people, in the form of the
 * agent's own command. Documents are borrowed and hostile: what is missing shows as nothing. */
#ifndef RG_STATUS_TEXT_H
#define RG_STATUS_TEXT_H

#include "json_doc.h"

/* The heading, "Running Checks" and one block per check of checks, a list as in the document. */
void status_text_checks(struct text_out *t, jv checks);

/* Everything: agent, collector with its errors, aggregator, forwarder, process checks. */
void status_text(struct text_out *t, jv document);

/* Appends one line about each thing that is wrong: checks in ERROR, config and loading errors,
 * payloads and items lost, ticks lost. Returns how many. */
size_t status_problems(struct text_out *t, jv document);

/* Says on stderr which checks were running when the document was made. */
void status_say_running(jv document);

#endif
