export { networkOf } from '@lexecon/resilience';
