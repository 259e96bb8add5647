/* Parameter texts. Private to this room. */
#ifndef BL_METHODS_PARAMS_H
#define BL_METHODS_PARAMS_H

#include "methods/method.h"

/* Fills job->numbers and job->texts from the defaults and from text ("samples=32 name=\"two words\""). */
bl_status bl_params_read(bl_job *job, const char *text);
/* Objective text → job->objective and job->class_open; NULL or "" gives the method's default. */
bl_status bl_job_read_objective(bl_job *job, const char *text);

#endif
