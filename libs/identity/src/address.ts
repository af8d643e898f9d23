export { networkOf } from '@lexecon/resilience/core';
