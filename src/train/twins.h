/* Training-time twins of operators: what behaves otherwise while a network is trained. Private to train/. */
#ifndef BL_TRAIN_TWINS_H
#define BL_TRAIN_TWINS_H

#include "train/train.h"

extern const bl_op bl_training_dropout;   /* dropout.c */
extern const bl_op bl_training_batchnorm; /* batchnorm.c */

#endif
