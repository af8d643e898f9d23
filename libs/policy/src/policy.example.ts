/** The policy and the case that the API's documentation shows. */
export const EXAMPLE_SOURCE = `apiVersion: lexecon.dev/v1
kind: Policy
name: customer-support
rules:
  - id: read-orders
    effect: permit
    actors: { roles: [support-agent] }
    actions: ["database:read"]
    when: context.riskScore < 60
`;

export const EXAMPLE_DOCUMENT = {
  apiVersion: 'lexecon.dev/v1',
  kind: 'Policy',
  name: 'customer-support',
  mode: 'strict',
  risk: 'standard',
  rules: [
    {
      id: 'read-orders',
      effect: 'permit',
      actors: { roles: ['support-agent'], unregistered: false },
      actions: ['database:read'],
      when: 'context.riskScore < 60',
      token: { redeem: 'optional', lifetime: 60 },
    },
  ],
};

export const EXAMPLE_CASES = [
  {
    name: 'a support agent reads orders',
    request: {
      actor: { type: 'agent', id: 'support-bot' },
      action: { name: 'database:read' },
      resource: { type: 'table', id: 'orders' },
      context: { riskScore: 42 },
    },
    known: { actor: { roles: ['support-agent'] } },
    expect: { outcome: 'permit', rules: ['customer-support/read-orders'] },
  },
];

export const EXAMPLE_HASH = 'sha256:33c082c68bfe7cfcb51b09f0863040d1a212831325116e7a53667da781e87aef';
