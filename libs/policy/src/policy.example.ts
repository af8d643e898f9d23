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

export const EXAMPLE_HASH = 'sha256:8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1';
