# shellcheck shell=bash
# Sourced by the scripts that start mpirun: more ranks than cores, which then must give way to each other, and none
# bound to a core; and whoever runs a container is root in it. For Open MPI up to 4 and from 5 on; MPICH needs none.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
export OMPI_MCA_mpi_yield_when_idle=1
