import { api, done, forgetPosition, type Account } from "../api/client";
import { Action } from "../parts/action";
import { Field, LongField } from "../parts/field";
import { Form, text } from "../parts/form";
import { Await, useLoaded } from "../parts/loading";
import { renameHere, signOutHere } from "../session";
import { useTitle } from "../parts/title";

type Change = {
  firstName: string;
  lastName: string;
  birthDate: string;
  handle: string;
  about: string;
};

/** The own account: what others see, who may see it, and the way out. */
export function AccountPage() {
  useTitle("Account");
  const [loaded, again] = useLoaded("account", () => done(api.GET("/v1/account")));
  return (
    <Await of={loaded} again={again}>
      {(account) => (
        <>
          <section class="card">
            <h1>Your profile</h1>
            <Edit account={account} changed={again} />
          </section>
          <Visibility isPrivate={account.profile?.private ?? false} changed={again} />
          <section class="card">
            <h2>This session</h2>
            <p class="soft">Signed in with {account.email}.</p>
            <Action run={leave}>Sign out</Action>
          </section>
        </>
      )}
    </Await>
  );
}

async function leave(): Promise<void> {
  await done(api.DELETE("/v1/sessions/current"));
  forgetPosition();
  signOutHere();
}

function Edit({ account, changed }: { account: Account; changed: () => void }) {
  const profile = account.profile;
  const before: Change = {
    firstName: profile?.firstName ?? "",
    lastName: profile?.lastName ?? "",
    birthDate: account.birthDate,
    handle: profile?.handle ?? "",
    about: profile?.about ?? "",
  };
  const send = async (values: FormData) => {
    const names = Object.keys(before) as (keyof Change)[];
    const after = Object.fromEntries(names.map((name) => [name, text(values, name)])) as Change;
    const different = names.filter((name) => after[name] !== before[name]);
    if (different.length === 0) return;
    const change = Object.fromEntries(different.map((name) => [name, after[name]]));
    await done(api.PATCH("/v1/account", { body: { updateMask: different.join(","), ...change } }));
    renameHere(after.handle);
    changed();
  };
  return (
    <Form send={send} action="Save changes" saved="Your profile is saved.">
      {(faults) => (
        <>
          <div class="pair">
            <Field
              label="First name"
              name="firstName"
              defaultValue={before.firstName}
              required
              fault={faults["firstName"]}
            />
            <Field
              label="Last name"
              name="lastName"
              defaultValue={before.lastName}
              required
              fault={faults["lastName"]}
            />
          </div>
          <div class="pair">
            <Field
              label="Handle"
              name="handle"
              defaultValue={before.handle}
              required
              hint="Your old one is kept for you for 30 days."
              fault={faults["handle"]}
            />
            <Field
              label="Date of birth"
              name="birthDate"
              type="date"
              defaultValue={before.birthDate}
              required
              fault={faults["birthDate"]}
            />
          </div>
          <LongField
            label="About you"
            name="about"
            defaultValue={before.about}
            maxLength={2000}
            fault={faults["about"]}
          />
        </>
      )}
    </Form>
  );
}

function Visibility({ isPrivate, changed }: { isPrivate: boolean; changed: () => void }) {
  const set = (value: boolean) =>
    done(api.PUT("/v1/account/visibility", { body: { private: value } })).then(changed);
  return (
    <section class="card">
      <h2>Who sees you</h2>
      <p class="soft">
        {isPrivate
          ? "Only people you accepted see more than your name. Going public accepts everybody who asks now."
          : "Everybody sees your profile and may follow you."}
      </p>
      <Action run={() => set(!isPrivate)}>
        {isPrivate ? "Make my account public" : "Make my account private"}
      </Action>
    </section>
  );
}
