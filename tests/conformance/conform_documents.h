/* The contract of the folders of documents and of file systems: rg/backend/host.h. */
#ifndef RG_TESTS_CONFORM_DOCUMENTS_H
#define RG_TESTS_CONFORM_DOCUMENTS_H

#include "rg/backend/host.h"

/* The folder that the host under test shows as "conf.d": conform_document_count files, by name. */
struct conform_document {
    const char *name; /* "conf.d/cpu.d/conf.yaml" */
    const char *text;
};
extern const struct conform_document conform_documents[];
extern const size_t conform_document_count;

/* Asks the host, whose file system "/" answers. */
void conform_documents_run(struct rg_host *host);

#endif
